"""Stretches of a day and of the year, as a policy file writes them: ``09:00-17:00`` and ``2026-10-01..2026-10-07``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final, Self

_DAY: Final = 86_400
_TIME: Final = re.compile(r"^([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?$")

HOURS_PATTERN: Final = r"^\d{2}:\d{2}(:\d{2})?-\d{2}:\d{2}(:\d{2})?$"
TIME_PATTERN: Final = r"^\d{2}:\d{2}(:\d{2})?$"
DAYS_PATTERN: Final = r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$"
YEARS_PATTERN: Final = r"^2\d{3}(\.\.2\d{3})?$"
_MOST_YEARS: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """A half-open stretch of one day in seconds after local midnight: 17:00:00 is no longer in 09:00-17:00."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= _DAY:
            raise ValueError(f"{self} does not begin before it ends within one day; write a night as two stretches")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``09:00-17:00`` (``24:00`` ends a day); ValueError says how it is written."""
        start, end = _two_times(text)
        return cls(start, end)

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """A half-open stretch of every day that may run over midnight: 21:00-08:00 holds 23:00 and 07:59:59."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError(f"{_clock(self.start)}-{_clock(self.end)} is empty")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``21:00-08:00``; ValueError says how it is written."""
        start, end = _two_times(text)
        return cls(start % _DAY, end % _DAY)

    def __contains__(self, at: time) -> bool:
        second = at.hour * 3600 + at.minute * 60 + at.second
        if self.start < self.end:
            return self.start <= second < self.end
        return second >= self.start or second < self.end

    @property
    def end_time(self) -> time:
        """When the window is over, local time."""
        return time(self.end // 3600, self.end // 60 % 60, self.end % 60)

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


@dataclass(frozen=True, slots=True, order=True)
class DaySpan:
    """One day or several following days, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.first}..{self.last} ends before it begins")
        if (self.last - self.first).days > 366:  # noqa: PLR2004 - a year: a slip of the pen beyond that
            raise ValueError(f"{self.first}..{self.last} is longer than a year")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-10-01`` or ``2026-10-01..2026-10-07``; ValueError says how it is written."""
        if re.fullmatch(DAYS_PATTERN, text) is None:
            raise ValueError(f'"{text}" is not a day; write it as "2026-10-01" or "2026-10-01..2026-10-07"')
        first, _, last = text.partition("..")
        return cls(date.fromisoformat(first), date.fromisoformat(last or first))

    @property
    def only(self) -> date:
        """The day, where it is a single one; ValueError otherwise."""
        if self.first != self.last:
            raise ValueError(f"{self} is several days where one is wanted")
        return self.first

    def __iter__(self) -> Iterator[date]:
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True, order=True)
class YearSpan:
    """One year or several following years, both ends included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.first}..{self.last} ends before it begins")
        if self.last - self.first >= _MOST_YEARS:
            raise ValueError(f"{self.first}..{self.last} is more than {_MOST_YEARS} years")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026`` or ``2026..2028``; ValueError says how it is written."""
        if re.fullmatch(YEARS_PATTERN, text) is None:
            raise ValueError(f'"{text}" is not a year; write it as "2026" or "2026..2028"')
        first, _, last = text.partition("..")
        return cls(int(first), int(last or first))

    def __iter__(self) -> Iterator[int]:
        yield from range(self.first, self.last + 1)

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


def parse_time(text: str) -> time:
    """Read a local time ``16:00``; ValueError says how it is written."""
    second = _seconds(text)
    if second is None or second == _DAY:
        raise ValueError(f'"{text}" is not a time of day; write it as "16:00"')
    return time(second // 3600, second // 60 % 60, second % 60)


def format_time(at: time) -> str:
    """``16:00``, with seconds only where there are some."""
    return _clock(at.hour * 3600 + at.minute * 60 + at.second)


def _two_times(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    first, last = _seconds(start), _seconds(end)
    if first is None or last is None:
        raise ValueError(f'"{text}" is not a stretch of the day; write it as "09:00-17:00"')
    return first, last


def _seconds(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    second = hours * 3600 + minutes * 60 + seconds
    return second if second <= _DAY else None


def _clock(second: int) -> str:
    hours, minutes, seconds = second // 3600, second // 60 % 60, second % 60
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
