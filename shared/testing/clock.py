"""A clock for tests: it shows what it is told."""

from dataclasses import dataclass
from datetime import UTC, datetime

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday 2026-11-23, 10:00 in Shanghai, an office day."""


@dataclass
class SetClock:
    """A clock that stands at `at` until a test moves it."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        """Return `at`."""
        return self.at

    def seconds_until(self, at: datetime) -> float:
        """Return the seconds from the clock's own moment to `at`; not negative."""
        return max(0.0, (at - self.at).total_seconds())
