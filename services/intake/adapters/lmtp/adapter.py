"""The adapter `lmtp`: listens until the process is told to end, and then finishes what is in hand."""

import asyncio
import contextlib
from typing import Final

from services.intake.adapters.lmtp.config import LmtpConfig
from shared.adapters import Work
from shared.plugins import Plugin, PluginError, Setup

LAST_SECONDS: Final = 3.0
"""So long the mails in hand may take when the process ends; their senders keep the others."""
TURN_SECONDS: Final = 5.0


class LmtpAdapter:
    """Takes the mails that a mail server brings for the mailboxes that the policy names."""

    def __init__(self, setup: Setup) -> None:
        self._config: LmtpConfig = setup.config
        for file in (self._config.certificate, self._config.key):
            if file is not None and not file.is_file():
                raise PluginError(f"there is no file {file}")

    @property
    def channels(self) -> tuple[str, ...]:
        """Email."""
        return self._config.channels

    async def run(self, work: Work) -> None:
        """Listen until the process is told to end."""
        from services.intake.adapters.lmtp.inbox import Inbox  # noqa: PLC0415 (the policy is checked without aiosmtpd)
        from services.intake.adapters.lmtp.protocol import Connections  # noqa: PLC0415 (same)

        config = self._config
        inbox = Inbox(config, work)
        connections = Connections(config, inbox, lambda: work.report.refused("too-many-connections"))
        server = await asyncio.get_running_loop().create_server(connections, config.host, config.port)
        host, port = server.sockets[0].getsockname()[:2]
        work.report.ready(f"{config.protocol}://{host}:{port}")
        try:
            while not await _within(work.stopping, TURN_SECONDS):
                work.report.turned("listener", TURN_SECONDS)
        finally:
            server.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await inbox.idle()
            connections.close()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


plugin = Plugin(
    kind="adapter",
    name="lmtp",
    api=1,
    summary="mail brought by a mail server over LMTP or SMTP",
    build=LmtpAdapter,
    config=LmtpConfig,
)
