"""The clock that all services share: PostgreSQL's, or a rehearsal clock that runs faster (contract, `YINGDA_CLOCK`).

PostgreSQL's clock decides what is due, so a machine whose own clock is off by an hour changes nothing: a process
measures its distance to PostgreSQL once, goes on by its monotonic clock, and measures again from time to time.
"""

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.times import parse_rfc3339


class ClockError(ValueError):
    """The clock is not written as TIME@SPEED."""


class Clock(Protocol):
    """What time it is for the business."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""

    def seconds_until(self, at: datetime) -> float:
        """Return the real seconds until the clock shows `at`; not negative."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A clock that shows `start` when the real time is `anchor` and runs `speed` times as fast."""

    start: datetime
    speed: float


def parse_clock(text: str) -> Rehearsal | None:
    """Return what `YINGDA_CLOCK` asks for, None for the real clock; `ClockError` in one sentence."""
    if not text:
        return None
    match = re.fullmatch(r"(?P<start>[^@]+)@(?P<speed>\d+(\.\d+)?)", text)
    if match is None or float(match["speed"]) <= 0:
        raise ClockError(f"YINGDA_CLOCK: {text!r} is not of the form 2026-11-23T10:00:00+08:00@3600")
    try:
        return Rehearsal(parse_rfc3339(match["start"]), float(match["speed"]))
    except ValueError as error:
        raise ClockError(f"YINGDA_CLOCK: {error}") from None


class SystemClock:
    """The clock of this process: PostgreSQL's time as last measured, carried on by the monotonic clock."""

    def __init__(self, rehearsal: Rehearsal | None = None, anchor: datetime | None = None) -> None:
        self._rehearsal = rehearsal
        self._anchor = anchor
        self._offset = time.time() - time.monotonic()
        self.drift_seconds = 0.0

    @property
    def speed(self) -> float:
        """How many of its seconds pass in one real second."""
        return self._rehearsal.speed if self._rehearsal else 1.0

    def set_reference(self, database_time: datetime, measured_at: float) -> None:
        """Follow `database_time`, read when the monotonic clock showed `measured_at`."""
        offset = database_time.timestamp() - measured_at
        self.drift_seconds = offset - (time.time() - time.monotonic())
        self._offset = offset

    def anchor(self, at: datetime) -> None:
        """Let the rehearsal begin at the real moment `at`, the same for every process."""
        self._anchor = at

    def real_now(self) -> datetime:
        """Return PostgreSQL's time, whatever clock the business rehearses with."""
        return datetime.fromtimestamp(time.monotonic() + self._offset, UTC)

    def now(self) -> datetime:
        """Return the present moment of the business, in UTC."""
        real = self.real_now()
        if self._rehearsal is None:
            return real
        passed = (real - (self._anchor or real)).total_seconds() * self._rehearsal.speed
        return self._rehearsal.start.astimezone(UTC) + timedelta(seconds=passed)

    def seconds_until(self, at: datetime) -> float:
        """Return the real seconds until the clock shows `at`; not negative."""
        return max(0.0, (at - self.now()).total_seconds() / self.speed)


async def sleep_until(clock: Clock, at: datetime, wake: asyncio.Event) -> None:
    """Return when the clock shows `at` or `wake` is set, whichever is first; `wake` is cleared."""
    try:
        async with asyncio.timeout(clock.seconds_until(at)):
            await wake.wait()
    except TimeoutError:
        return
    finally:
        wake.clear()
