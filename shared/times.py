"""Writing and reading points in time; the clock itself is `shared.clock`."""

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(at: datetime) -> str:
    """Return `at` in UTC as RFC 3339 with `Z`; microseconds only where there are any (contract, "Envelope")."""
    return _written(at if at.tzinfo is UTC else at.astimezone(UTC))


@lru_cache(256)  # the events of one batch tell the same few times again and again
def _written(at: datetime) -> str:
    return at.isoformat()[:-6] + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Return the aware datetime that `text` names; ValueError with one clear sentence where it names none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a time in the form 2026-11-23T10:15:00+08:00") from None
    if at.tzinfo is None:
        raise ValueError(f"{text[:40]!r} lacks its offset from UTC, as in 2026-11-23T10:15:00+08:00")
    return at
