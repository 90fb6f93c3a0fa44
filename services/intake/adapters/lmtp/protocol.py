"""The protocol, as aiosmtpd speaks it, with what RFC 2033 asks besides: an answer for every recipient after the mail."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Final, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from services.intake.adapters.lmtp.config import LmtpConfig
from services.intake.adapters.lmtp.inbox import Inbox

BLOCK: Final = 1_000_000
"""Bytes of a mail that are read at once."""
FULL: Final = b"421 4.3.2 too many connections, come again later\r\n"
_PROCEED: Final = "354"
_BREAK: Final = b"\r\n"
_END: Final = b"\r\n.\r\n"
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd writes addresses there


class _Blocks(SMTP):
    """Reads a mail in blocks: of lines of any length, and in no more memory than the largest mail takes.

    aiosmtpd keeps each line by itself, which took 80 times the size of a mail of blank lines, and a line without end for ever.
    """

    line_length_limit = BLOCK  # of the reader

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 (aiosmtpd's name)
        """Answer DATA, read the mail and answer it as the handler says."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        self._reader.feed_data(_BREAK)  # so that the end of a mail without lines is found as well
        await self.push(f"{_PROCEED} End data with <CR><LF>.<CR><LF>")
        content = await self._content()
        if content is None:
            await self.push("552 Error: Too much mail data")
        else:
            self.envelope.content = self.envelope.original_content = content
            await self.push(await self._call_handler_hook("DATA"))
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd has not typed it

    async def _content(self) -> bytes | None:
        """Return the mail with its dots undone (RFC 5321, 4.5.2), None where it is too large; read it to its end in any case."""
        read = bytearray()
        ended = too_large = False
        while not ended:
            try:
                block = await self._reader.readuntil(_END)
                ended = True
            except asyncio.LimitOverrunError as error:
                block = await self._reader.readexactly(error.consumed)
            too_large = too_large or len(read) + len(block) > (self.data_size_limit or 0) + len(_BREAK + _END)
            read = bytearray() if too_large else read + block
        return None if too_large else bytes(read[: -len(_END)] + _BREAK).replace(_BREAK + b".", _BREAK)[len(_BREAK) :]


class _Lmtp(_Blocks, LMTP):
    _recipients = 0

    async def push(self, status: str | bytes) -> None:
        """Send an answer; after a mail, one for each recipient."""
        text = status.decode("ascii", "replace") if isinstance(status, bytes) else status
        if text.startswith(_PROCEED) and self.envelope is not None:
            self._recipients = len(self.envelope.rcpt_tos)
        elif self._recipients:
            lines = text.split("\r\n")
            lines *= self._recipients if len(lines) == 1 else 1
            self._recipients, text = 0, "\r\n".join(lines)
        await super().push(text)


class _Full(asyncio.Protocol):
    """Tells whoever connects that there are too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.WriteTransport", transport).write(FULL)  # uvloop's is not derived from it
        transport.close()


class Connections:
    """Makes the protocol of each new connection, and ends those that are left."""

    def __init__(self, config: LmtpConfig, inbox: Inbox, refused: Callable[[], None]) -> None:
        self._config = config
        self._inbox = inbox
        self._refused = refused
        self._open: set[Any] = set()
        self._tls = _context(config)

    def __call__(self) -> asyncio.BaseProtocol:
        """Return what answers a new connection."""
        if len(self._open) >= self._config.connections:
            self._refused()
            return _Full()
        config, others = self._config, self._open
        speaks = _Lmtp if config.protocol == "lmtp" else _Blocks

        class Counted(speaks):  # type: ignore[misc, valid-type]  # one of the two above
            """One connection, among the open ones until it is lost."""

            def connection_lost(self, error: Exception | None) -> None:
                others.discard(self)
                super().connection_lost(error)

        made = Counted(
            self._inbox,
            data_size_limit=config.max_bytes,
            enable_SMTPUTF8=True,
            hostname=config.hostname,
            ident="Yingda",
            tls_context=self._tls,
            timeout=config.timeout_seconds,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        others.add(made)
        return made

    def close(self) -> None:
        """End all connections."""
        for one in list(self._open):
            if one.transport is not None:
                one.transport.close()


def _context(config: LmtpConfig) -> ssl.SSLContext | None:
    if config.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.certificate, config.key)
    return context
