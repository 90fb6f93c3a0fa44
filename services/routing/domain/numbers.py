"""The number of a work order: `XR`, the local date of its opening, the day's sequence (handbook, section 1)."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

PREFIX: Final = "XR"


def number(day: date, sequence: int) -> str:
    """Return `XR20231015001`: at least three digits of sequence, more when a day needs them."""
    return f"{PREFIX}{day:%Y%m%d}{sequence:03d}"


def day_of(at: datetime, timezone: str) -> date:
    """Return the local date that a work order opened at `at` is numbered by."""
    return at.astimezone(ZoneInfo(timezone)).date()
