"""The `apprise` transport: alerts to staff by any of the services that the library Apprise knows, as an extra.

An address of Apprise holds tokens and passwords, so the policy names secrets, each with one address. The library tells
no more than that something failed, never whether the message was taken: a failure is unknown, and staff are told again
(R-NT-04). Customers are never written to by it.
"""

import asyncio
import importlib
from collections.abc import Collection, Sequence
from typing import Any, Final

from pydantic import Field

from services.notify.plugins.sms.sending import each
from services.notify.ports import Outbound, Outcome, Rejected, Sent, TransportError, TransportSetup, Unknown
from shared.plugins import Config, Plugin, SecretName

AT_ONCE: Final = 4
EXTRA: Final = "apprise is an extra that is not installed here: pip install 'yingda[apprise]'"


class AppriseConfig(Config):
    """Settings of `apprise`."""

    urls: tuple[SecretName, ...] = Field(min_length=1, max_length=20)
    """Names of secrets, each with one address of Apprise, as `slack://…`; all of them are told."""


class AppriseTransport:
    """Tells all addresses of each message."""

    name = "apprise"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup) -> None:
        config: AppriseConfig = setup.config
        self.channel = setup.channel
        self._wait = setup.wait_seconds
        self._teller, self._text = _teller(config, setup)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Tell staff; a message to a customer is refused."""
        return await each(messages, self._sent, at_once=AT_ONCE)

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: the services behind it cannot be asked."""
        del ids
        return None

    async def close(self) -> None:
        """Nothing is held between two calls."""

    async def _sent(self, out: Outbound) -> Outcome:
        if out.audience != "staff":
            return Rejected("apprise tells staff only")
        try:
            async with asyncio.timeout(self._wait):
                told = await self._teller.async_notify(
                    title=out.message.subject, body=out.message.text, body_format=self._text, interpret_escapes=False
                )
        except TimeoutError:
            return Unknown("no answer in time")
        except Exception as error:  # noqa: BLE001 (a hundred services, each of which may raise anything)
            return Unknown(f"the library failed: {type(error).__name__}")
        return Sent() if told else Unknown("one of the services did not take it")


def _teller(config: AppriseConfig, setup: TransportSetup) -> tuple[Any, Any]:
    """Return what tells, and the format in which nothing is markup; `TransportError` where it cannot."""
    try:
        library = importlib.import_module("apprise")
    except ImportError:
        raise TransportError(EXTRA) from None
    asset = library.AppriseAsset(
        secure_logging=True,  # addresses are masked
        storage_mode=library.PersistentStoreMode.MEMORY,  # nothing is left on the disk
        allow_templates=False,  # what a customer wrote is no template (R-NT-03)
        interpret_escapes=False,
        interpret_emojis=False,
        http_redirects=False,
        service_timeout=setup.wait_seconds,
    )
    teller = library.Apprise(asset=asset)
    for name in config.urls:
        if not teller.add(setup.secret(name).get_secret_value()):
            raise TransportError(f'the secret "{name}" holds no address that Apprise knows')
    return teller, library.NotifyFormat.TEXT


plugin = Plugin(
    kind="transport",
    name="apprise",
    api=1,
    summary="Alerts to staff by any service that Apprise knows (extra)",
    build=AppriseTransport,
    config=AppriseConfig,
)
