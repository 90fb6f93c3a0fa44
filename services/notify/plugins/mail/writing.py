"""A message as a mail in its wire form; no value can end a header and begin another."""

from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Final

from services.notify.ports import Outbound, Rejected

_BREAKS: Final = frozenset("\r\n\0\v\f\x1c\x1d\x1e\x85\u2028\u2029")
"""What ends a line for the protocol, for Python or for a program that reads the mail."""


class Writer:
    """Writes mails from one sender."""

    def __init__(self, sender: str, now: Callable[[], datetime]) -> None:
        self.sender = sender
        self._domain = sender.rpartition("@")[2]
        self._now = now

    def id_of(self, out: Outbound) -> str:
        """Return the mail's Message-ID, by which receipts and answers name it (RFC 3464, RFC 5322).

        It holds the number of the work order: whoever answers with nothing but `In-Reply-To` is found by it.
        """
        number = f".{out.work_order}" if out.work_order else ""
        return f"<{out.message.notification_id}{number}@{self._domain}>"

    def mail(self, out: Outbound) -> bytes | Rejected:
        """Return the mail; a line break in what becomes a header is refused, never sent."""
        message = out.message
        headers = (
            message.to,
            message.subject,
            message.sender.name,
            message.sender.email,
            message.notification_id,
            message.locale,
            out.work_order or "",
        )
        if any(not _BREAKS.isdisjoint(text) for text in headers):
            return Rejected("a line break in a header")
        mail = EmailMessage(policy=SMTP_POLICY)
        try:
            mail["From"] = Address(message.sender.name, addr_spec=self.sender)
            mail["To"] = Address(addr_spec=message.to)
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(self._now())
            mail["Message-ID"] = self.id_of(out)
            if out.work_order:  # all mails about one work order are one conversation
                mail["References"] = f"<{out.work_order}@{self._domain}>"
            mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answer, please
            mail["X-Auto-Response-Suppress"] = "All"
            mail["Content-Language"] = message.locale
            if message.sender.email != self.sender:
                mail["Reply-To"] = Address(message.sender.name, addr_spec=message.sender.email)
            mail.set_content(message.text, cte="base64")
            if message.html is not None:
                mail.add_alternative(message.html, subtype="html", cte="base64")
            return mail.as_bytes()
        except (ValueError, MessageError, UnicodeError, IndexError):  # an address that is none, or not in ASCII
            return Rejected("the address or a header is not valid in a mail")
