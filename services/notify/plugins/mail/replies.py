"""A mail server's codes as outcomes; the text beside them may be personal, so it is never told (RFC 5321, RFC 3463)."""

import re
from typing import Final

import aiosmtplib

from services.notify.ports import Outcome, Rejected, Retry

_PERMANENT: Final = 500
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_ENHANCED: Final = re.compile(r"(\d\.\d{1,3})\.\d{1,3}\b")


def refused(error: aiosmtplib.SMTPResponseException, *, address: bool = False) -> Outcome:
    """Return what a refusing reply means: 5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    reason = f"refused with {error.code}"
    return Rejected(reason, address) if error.code >= _PERMANENT else Retry(reason)


def no_such_address(error: aiosmtplib.SMTPResponseException) -> bool:
    """Return whether the reply to RCPT says that the mailbox does not exist, and not that we may not write to it.

    An enhanced code decides (RFC 3463: 5.1.x is about the address); without one 550, 551 and 553 do.
    """
    enhanced = _ENHANCED.match(error.message.strip())
    return enhanced.group(1) == "5.1" if enhanced else error.code in _NO_MAILBOX


def in_words(error: BaseException) -> str:
    """Return what went wrong without the server's words."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
