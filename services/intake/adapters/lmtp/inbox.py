"""Who is known here, and what each recipient of a mail is answered: 250 only once the mail is on the bus."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog

from services.intake.adapters.lmtp.config import LmtpConfig
from services.intake.adapters.mails import Delivery, Place
from shared.adapters import AdapterError, BusAway, Work
from shared.attachments import StoreAwayError

UNENCRYPTED: Final = "530 5.7.0 Must issue a STARTTLS command first"
TAKEN: Final = "250 2.6.0 taken"
UNKNOWN: Final = "550 5.1.1 no such mailbox here"
TOO_MANY: Final = "452 4.5.3 too many recipients, send the mail to the others by itself"
LATER: Final = "451 4.3.0 cannot be stored now, send it again later"
NEVER: Final = "554 5.6.0 cannot be stored"

log = structlog.get_logger()


class Inbox:
    """What aiosmtpd asks; the names of the methods are its own."""

    def __init__(self, config: LmtpConfig, work: Work) -> None:
        self._config = config
        self._work = work
        self._delivery = Delivery(work)
        self._mailboxes = {
            address: mailbox.address for mailbox in config.mailboxes for address in (mailbox.address, *mailbox.aliases)
        }
        self._idle = asyncio.Event()
        self._idle.set()
        self._in_hand = 0

    async def idle(self) -> None:
        """Return when no mail is in hand."""
        await self._idle.wait()

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Begin a mail; where encryption is required, only over TLS (aiosmtpd's own check does not know LHLO)."""
        if self._config.require_tls and session.ssl is None:
            return UNENCRYPTED
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Know a recipient or refuse it; nothing is relayed."""
        if len(envelope.rcpt_tos) >= self._config.max_recipients:
            return TOO_MANY
        if self._mailbox_of(address) is None:
            self._work.report.refused("unknown-recipient")
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Deliver a mail once to each of our mailboxes that it is for; return an answer for each recipient, in lines."""
        self._work.report.received()
        self._in_hand += 1
        self._idle.clear()
        try:
            return await self._delivered(bytes(envelope.content), envelope.mail_from or "", envelope.rcpt_tos)
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def handle_exception(self, error: Exception) -> str:
        """Let the sender keep the mail, whatever went wrong here."""
        log.warning("a mail could not be taken", why=type(error).__name__)
        self._work.report.refused("failed")
        return LATER

    async def _delivered(self, content: bytes, sender: str, recipients: Sequence[str]) -> str:
        of_mailbox: dict[str, list[str]] = {}
        for recipient in recipients:
            of_mailbox.setdefault(self._mailbox_of(recipient) or "", []).append(recipient)
        answers = await asyncio.gather(*(self._one(content, sender, *item) for item in of_mailbox.items()))
        answer_of = dict(zip(of_mailbox, answers, strict=True))
        each = [answer_of[self._mailbox_of(recipient) or ""] for recipient in recipients]
        if self._config.protocol == "lmtp":
            return "\r\n".join(each)
        # One answer for all: who gets it again has it once. Only where nobody could ever get it is it refused.
        return next((one for one in (LATER, TAKEN) if one in each), NEVER)

    async def _one(self, content: bytes, sender: str, mailbox: str, recipients: list[str]) -> str:
        told = {"envelope_from": "" if sender == "<>" else sender, "envelope_to": recipients}
        try:
            await self._delivery.deliver(content, Place(mailbox, self._work.now(), told))
        except (BusAway, StoreAwayError) as error:
            log.warning("a mail waits at its sender for the bus", why=str(error))
            return LATER
        except AdapterError as error:
            log.warning("a mail cannot be brought", why=str(error))
            self._work.report.refused("refused-by-bus")
            return NEVER
        except Exception as error:  # noqa: BLE001 (the sender keeps it, and comes again)
            return await self.handle_exception(error)
        return TAKEN

    def _mailbox_of(self, address: str) -> str | None:
        """Return which of our mailboxes an address belongs to."""
        lower = address.lower()
        local, _, domain = lower.rpartition("@")
        return self._mailboxes.get(lower) or self._mailboxes.get(f"{local.partition('+')[0]}@{domain}")
