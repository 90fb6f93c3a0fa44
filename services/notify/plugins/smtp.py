"""The `smtp` transport: email through the mail server of the settings (`YINGDA_SMTP_…`)."""

import asyncio
import re
import time
from collections.abc import Collection, Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from services.notify.ports import (
    Message,
    Outbound,
    Outcome,
    Rejected,
    Retry,
    Sent,
    TransportError,
    TransportSetup,
    Unknown,
)
from shared.plugins import Plugin

BATCH_SECONDS = 35.0
"""A batch that a slow server stretches beyond this is broken off between two mails; the rest is tried later."""
_PERMANENT = 500
_NO_MAILBOX = frozenset({550, 551, 553})
_ENHANCED = re.compile(r"(\d\.\d{1,3})\.\d{1,3}\b")


class SmtpTransport:
    """One connection per batch. A mail counts as unknown only where the server had been told DATA."""

    name = "smtp"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup) -> None:
        if setup.channel != "email":
            raise TransportError(f'smtp carries email and nothing else, not "{setup.channel}"')
        if not setup.settings.smtp_host:
            raise TransportError("smtp needs a mail server: set YINGDA_SMTP_HOST")
        self.channel = setup.channel
        self._settings = setup.settings
        self._host = setup.settings.smtp_host
        self._wait = setup.wait_seconds
        self._now = setup.now

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Send one mail after the other over one connection; a lost connection is opened again once for the next."""
        began = time.monotonic()
        outcomes: list[Outcome] = []
        client = self._client()
        try:
            for out in messages:
                if time.monotonic() - began > BATCH_SECONDS:
                    outcomes.append(Retry("the mail server is too slow"))
                    continue
                mail = self._mail(out.message)
                if isinstance(mail, Rejected):
                    outcomes.append(mail)
                    continue
                trouble = await self._connected(client)
                if trouble is not None:
                    outcomes += [trouble] * (len(messages) - len(outcomes))
                    break
                outcomes.append(await self._transact(client, out.message, mail))
        finally:
            await self._leave(client)
        return outcomes

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: a mail server cannot be asked what it has taken."""
        del ids
        return None

    async def close(self) -> None:
        """No connection outlives its batch."""

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=password if settings.smtp_user else None,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            timeout=self._wait,
        )

    async def _connected(self, client: aiosmtplib.SMTP) -> Retry | None:
        if client.is_connected:
            return None
        try:
            async with asyncio.timeout(2 * self._wait):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            return Retry(f"the mail server cannot be used: {_in_words(error)}")
        return None

    async def _transact(self, client: aiosmtplib.SMTP, message: Message, mail: bytes) -> Outcome:
        try:
            await client.mail(self._settings.smtp_from)
            await client.rcpt(message.to)
        except aiosmtplib.SMTPRecipientRefused as error:
            await self._reset(client)
            return _refused(error, address=_no_such_address(error))
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(client)
            return _refused(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            return Retry(f"no answer before the mail was handed over: {_in_words(error)}")
        try:
            await client.data(mail)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(client)
            return _refused(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            return Unknown(f"no answer after the mail was handed over: {_in_words(error)}")
        return Sent(self._id(message))

    async def _reset(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            client.close()

    async def _leave(self, client: aiosmtplib.SMTP) -> None:
        if client.is_connected:
            try:
                await client.quit(timeout=1.0)
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                client.close()

    def _id(self, message: Message) -> str:
        """Return the mail's Message-ID: what a delivery status notification names it by (RFC 3464)."""
        return f"<{message.notification_id}@{self._settings.smtp_from.rpartition('@')[2]}>"

    def _mail(self, message: Message) -> bytes | Rejected:
        """Return the mail in its wire form; a line break in what becomes a header is refused, never sent."""
        headers = (message.to, message.subject, message.sender.name, message.notification_id)
        if any(mark in text for text in headers for mark in "\r\n\0"):
            return Rejected("a line break in a header")
        mail = EmailMessage(policy=SMTP_POLICY)
        try:
            mail["From"] = Address(message.sender.name, addr_spec=self._settings.smtp_from)
            mail["To"] = Address(addr_spec=message.to)
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(self._now())
            mail["Message-ID"] = self._id(message)
            mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answer, please
            mail["X-Auto-Response-Suppress"] = "All"
            mail["Content-Language"] = message.locale
            if message.sender.email != self._settings.smtp_from:
                mail["Reply-To"] = Address(message.sender.name, addr_spec=message.sender.email)
            mail.set_content(message.text, cte="base64")
            if message.html is not None:
                mail.add_alternative(message.html, subtype="html", cte="base64")
            return mail.as_bytes()
        except (ValueError, MessageError, UnicodeError):  # an address that is none, or not in ASCII
            return Rejected("the address or a header is not valid in a mail")


def _refused(error: aiosmtplib.SMTPResponseException, *, address: bool = False) -> Outcome:
    """Return what a refusing reply means: 5xx is for good, 4xx for now (RFC 5321, 4.2.1). Its text may be personal."""
    reason = f"refused with {error.code}"
    return Rejected(reason, address) if error.code >= _PERMANENT else Retry(reason)


def _no_such_address(error: aiosmtplib.SMTPResponseException) -> bool:
    """Return whether the reply to RCPT says that the mailbox does not exist, and not that we may not write to it.

    An enhanced code decides (RFC 3463: 5.1.x is about the address); without one 550, 551 and 553 do.
    """
    enhanced = _ENHANCED.match(error.message.strip())
    return enhanced.group(1) == "5.1" if enhanced else error.code in _NO_MAILBOX


def _in_words(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


plugin = Plugin(kind="transport", name="smtp", api=1, summary="Mails over SMTP", build=SmtpTransport)
