"""One year of an office calendar as a table of open stretches, so that business time is found by bisection."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from shared.policy.hours import Hours

MICROS: Final = 1_000_000
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class YearTable:
    """The open stretches of one local year, in microseconds since 1970 UTC, half open, in order and apart."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    """Business microseconds of the year before stretch i; one entry more than stretches, the last is the total."""

    @property
    def total(self) -> int:
        """Business microseconds of the whole year."""
        return self.before[-1]

    def used(self, at: int) -> int:
        """Count the business microseconds of the year that lie before the instant `at`."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.ends[index]) - self.starts[index]

    def opening(self, at: int) -> int | None:
        """`at` itself where it is open, else the next opening of the year, if any."""
        index = bisect_right(self.starts, at)
        if index and at < self.ends[index - 1]:
            return at
        return self.starts[index] if index < len(self.starts) else None


def year_table(year: int, zone: ZoneInfo, intervals: Callable[[date], Iterable[Hours]]) -> YearTable:
    """Lay the local office hours of `year` on the line of instants.

    An instant is open exactly when its local wall time is within office hours: hours that a clock change skips
    do not exist, hours that it repeats count twice.
    """
    offsets = _offsets(year, zone)
    stretches = sorted(
        (start, end) for day in _days(year) for hours in intervals(day) for start, end in _instants(day, hours, offsets)
    )
    starts: list[int] = []
    ends: list[int] = []
    for start, end in stretches:
        if ends and start == ends[-1]:
            ends[-1] = end
        else:
            starts.append(start)
            ends.append(end)
    lengths = (end - start for start, end in zip(starts, ends, strict=True))
    return YearTable(tuple(starts), tuple(ends), tuple(accumulate(lengths, initial=0)))


def _days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=day) for day in range((date(year + 1, 1, 1) - first).days))


def _instants(day: date, hours: Hours, offsets: list[tuple[int, int, int]]) -> Iterable[tuple[int, int]]:
    midnight = (day - _EPOCH).days * _DAY
    for since, until, offset in offsets:
        start = max(midnight + hours.start - offset, since)
        end = min(midnight + hours.end - offset, until)
        if start < end:
            yield start * MICROS, end * MICROS


def _offsets(year: int, zone: ZoneInfo) -> list[tuple[int, int, int]]:
    """(since, until, offset from UTC) for every stretch of constant offset around `year`, in seconds."""

    def offset_at(second: int) -> int:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        offset = moment.astimezone(zone).utcoffset() or timedelta()
        return offset // timedelta(seconds=1)

    # Two days on either side hold every local date of the year, whatever the offset.
    second = ((date(year, 1, 1) - _EPOCH).days - 2) * _DAY
    last = ((date(year + 1, 1, 1) - _EPOCH).days + 2) * _DAY
    found: list[tuple[int, int, int]] = []
    since, offset = second, offset_at(second)
    while second < last:
        following = second + _DAY
        if offset_at(following) != offset:
            following = _first_change(second, following, offset, offset_at)
            found.append((since, following, offset))
            since, offset = following, offset_at(following)
        second = following
    return [*found, (since, last + _DAY, offset)]


def _first_change(low: int, high: int, offset: int, offset_at: Callable[[int], int]) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle) == offset:
            low = middle
        else:
            high = middle
    return high
