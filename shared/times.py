"""Writing and reading points in time; the clock itself is `shared.clock`."""

from datetime import UTC, datetime


def rfc3339(at: datetime) -> str:
    """Return `at` in UTC as RFC 3339 with `Z`; microseconds only where there are any (contract, "Envelope")."""
    if at.tzinfo is not UTC:  # most times are in UTC already
        at = at.astimezone(UTC)
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
