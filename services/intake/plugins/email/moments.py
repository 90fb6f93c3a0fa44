"""When a mail was written, as far as its Date can be believed; else when it was received."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from services.intake.plugins.email import words

LONGEST_JOURNEY: Final = timedelta(days=5)
"""For so long a mail server tries to deliver (RFC 5321, 4.5.4.1)."""
_LONGEST: Final = 100


def occurred_at(date: bytes, received_at: datetime) -> datetime:
    """Return the moment of `date` in UTC, where it lies at most five days before `received_at`; else `received_at`.

    A customer waits from the moment of sending (section 4); a clock that is wrong must not make us late or early.
    """
    sent = sent_at(date)
    if sent is None or not timedelta(0) <= received_at - sent <= LONGEST_JOURNEY:
        return received_at.astimezone(UTC)
    return sent


def sent_at(date: bytes) -> datetime | None:
    """Return the moment a Date field tells, None where it cannot be read or has no offset."""
    written = words.text(date, _LONGEST)
    try:
        moment = parsedate_to_datetime(written)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):  # all of these it raises
        return None
