"""Office-calendar arithmetic: when is a deadline due, how much office time has passed (R-SLA-13, R-SLA-15, R-RT-03).

All instants are aware datetimes; results are in UTC. The arithmetic is done in whole microseconds, so nothing is
rounded: a start with microseconds gives a deadline with the same microseconds. Building a year's table takes a few
milliseconds, once per calendar and year; after that every question is a bisection.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from shared.policy.calendar_year import MICROS, YearTable, year_table
from shared.policy.durations import Duration
from shared.policy.hours import Hours

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NOON: Final = time(12)
_BARREN_YEARS: Final = 3  # a calendar that stays closed that long will not open again

Half = Literal["morning", "afternoon"]


class NoOfficeTimeError(ValueError):
    """The calendar has no office hours after that moment."""


@dataclass(frozen=True, slots=True)
class CalendarData:
    """What a calendar is made of. A special day wins over a make-up day, that over a closed day, that over the week."""

    name: str
    timezone: str
    weekly: tuple[tuple[Hours, ...], ...]
    """Office hours of Monday to Sunday, each in order and without overlap; empty: closed."""
    make_up_hours: tuple[Hours, ...] = ()
    """Hours of a make-up working day (调休) on a weekday that is otherwise closed."""
    closed: frozenset[date] = frozenset()
    make_up: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    official_years: frozenset[int] | None = None
    """Years whose official schedule is known; None: the calendar follows no official schedule."""


@dataclass(frozen=True, slots=True)
class HalfDay:
    """A local morning (before 12:00) or afternoon."""

    day: date
    half: Half


class _Place(NamedTuple):
    """Where a moment lies: its local year, its microsecond since 1970, and what of that year's office time is over by then."""

    at: datetime
    year: int
    instant: int
    table: YearTable
    used: int


class BusinessCalendar:
    """The office hours of one calendar, in one time zone."""

    def __init__(self, data: CalendarData) -> None:
        self.data: Final = data
        self.name: Final = data.name
        self.zone: Final = ZoneInfo(data.timezone)
        self._tables: Final[dict[int, YearTable]] = {}
        self._unofficial: Final[dict[int, datetime | None]] = {}
        self._place: _Place | None = None

    def __repr__(self) -> str:
        return f"BusinessCalendar({self.name!r})"

    def intervals(self, day: date) -> tuple[Hours, ...]:
        """Office hours of a local day, in order; empty where it is closed."""
        data, usual = self.data, self.data.weekly[day.weekday()]
        if (changed := data.special.get(day)) is not None:
            return changed
        if day in data.make_up:
            return usual or data.make_up_hours
        return () if day in data.closed else usual

    def office_day(self, day: date) -> bool:
        """Whether the office opens at all on that local day."""
        return bool(self.intervals(day))

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is office time; half open, so 17:00:00 is not."""
        instant, table = self._find(at)
        return table.opening(instant) == instant

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself where the office is open, else the next opening; NoOfficeTimeError if there is none."""
        instant, table = self._find(at)
        year = self.local(at).year
        barren = 0
        while (opening := table.opening(instant)) is None:
            year, barren = year + 1, barren + 1
            table = self._following(year, barren)
        return _moment(opening)

    def add(self, start: datetime, amount: int | timedelta) -> datetime:
        """Return the earliest instant by which `amount` (seconds, or exactly a timedelta) of office time since `start` is used up.

        A start outside office hours counts from the next opening. What is used up exactly at closing time falls at
        that closing time (decided). Nothing to use up: `start`. ValueError for a negative amount or a naive start,
        NoOfficeTimeError where the calendar stays closed.
        """
        place = self._begin(start)
        table, need = place.table, amount * MICROS if isinstance(amount, int) else amount // _MICROSECOND
        if need <= 0:
            if need < 0:
                raise ValueError(f"office time can only be added, not taken away: {amount}")
            return _moment(place.instant)
        need += place.used
        if need > table.total:
            year, barren = place.year, 0
            while need > table.total:
                need -= table.total
                year, barren = year + 1, 0 if table.total else barren + 1
                table = self._following(year, barren)
        index = bisect_left(table.before, need) - 1
        return _moment(table.starts[index] + need - table.before[index])

    def used(self, start: datetime, end: datetime) -> timedelta:
        """Office time between two instants, exactly; nothing where `end` is not after `start`."""
        first, table = self._find(start)
        last, final = self._find(end)
        if last <= first:
            return timedelta()
        if table is final:
            return (table.used(last) - table.used(first)) * _MICROSECOND
        between = range(self.local(start).year + 1, self.local(end).year)
        whole = sum(self._table(year).total for year in between)
        return (table.total - table.used(first) + whole + final.used(last)) * _MICROSECOND

    def elapsed(self, start: datetime, end: datetime) -> int:
        """Whole seconds of office time between two instants; a begun second does not count (`used` is exact)."""
        return self.used(start, end) // timedelta(seconds=1)

    def provisional(self, start: datetime, end: datetime) -> bool:
        """Whether the local years from `start` to `end` include one without an official schedule (R-SLA-13)."""
        if self.data.official_years is None:
            return False
        if end.utcoffset() is None:
            raise _naive(end)
        year = self._begin(start).year
        if year not in self._unofficial:
            self._unofficial[year] = self._unofficial_from(year, self.data.official_years)
        since = self._unofficial[year]
        return since is not None and end >= since

    def _unofficial_from(self, year: int, official: frozenset[int]) -> datetime | None:
        """Return when the first year from `year` on begins that has no official schedule; None where there is none."""
        while year in official:
            year += 1
        return datetime(year, 1, 1, tzinfo=self.zone).astimezone(UTC) if year <= date.max.year else None

    def official_days(self, at: datetime) -> int | None:
        """Return for how many days from `at` on, the local one included, the official schedule is known (R-SLA-13).

        None for a calendar that follows no official schedule.
        """
        official = self.data.official_years
        if official is None:
            return None
        today = self.local(at).date()
        year = today.year
        while year in official:
            year += 1
        return max((date(year, 1, 1) - today).days, 0)

    def cutoff(self, at: datetime, daily: time) -> datetime:
        """Return the hand-over that a registration at `at` belongs to (R-RT-03).

        `daily` (local) of the same office day, or of the next office day when registered at or after it or on a
        closed day.
        """
        local = self.local(at)
        day = local.date()
        if not self.office_day(day) or local.time() >= daily:
            day = self.next_office_day(day)
        return datetime.combine(day, daily, self.zone).astimezone(UTC)

    def next_office_day(self, day: date) -> date:
        """Return the first office day after the local day `day`; NoOfficeTimeError if there is none."""
        for _ in range(_BARREN_YEARS * 366):
            day += timedelta(days=1)
            if self.office_day(day):
                return day
        raise NoOfficeTimeError(f"the calendar {self.name} has no office day before {day}")

    def half_day(self, at: datetime) -> HalfDay:
        """Return the local half-day that `at` lies in, open or not (R-FB-01)."""
        local = self.local(at)
        return HalfDay(local.date(), "morning" if local.time() < _NOON else "afternoon")

    def next_half_day(self, at: datetime) -> datetime:
        """Return the first office moment of the next local half-day in which the office is open (R-FB-01)."""
        here = self.half_day(at)
        day, since = (here.day, _NOON) if here.half == "morning" else (here.day + timedelta(days=1), time())
        return self.next_opening(datetime.combine(day, since, self.zone))

    def local(self, at: datetime) -> datetime:
        """`at` on the clocks of this calendar's time zone; ValueError for a naive one."""
        if at.utcoffset() is None:
            raise _naive(at)
        return at.astimezone(self.zone)

    def _begin(self, at: datetime) -> _Place:
        """Return where `at` lies; the last answer is kept, for the clocks of a work order begin at the same moment."""
        place = self._place
        if place is None or place.at is not at:
            instant, table = self._find(at)
            place = self._place = _Place(at, at.astimezone(self.zone).year, instant, table, table.used(instant))
        return place

    def _find(self, at: datetime) -> tuple[int, YearTable]:
        try:
            instant = (at - _EPOCH) // _MICROSECOND
        except TypeError:
            raise _naive(at) from None
        return instant, self._table(at.astimezone(self.zone).year)

    def _table(self, year: int) -> YearTable:
        table = self._tables.get(year)
        if table is None:
            table = self._tables[year] = year_table(year, self.zone, self.intervals)
        return table

    def _following(self, year: int, barren: int) -> YearTable:
        if barren >= _BARREN_YEARS or year >= date.max.year:
            raise NoOfficeTimeError(f"the calendar {self.name} has no office hours from {year - barren} on")
        return self._table(year)


def due(start: datetime, duration: Duration, calendar: BusinessCalendar) -> datetime:
    """When `duration` from `start` is used up, in UTC: on the calendar for business time, else by the clock on the wall."""
    if duration.kind == "business":
        return calendar.add(start, duration.seconds)
    if start.utcoffset() is None:
        raise _naive(start)
    return start.astimezone(UTC) + duration.timedelta


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _naive(at: datetime) -> ValueError:
    return ValueError(f"{at.isoformat()} has no offset from UTC, so it names no instant")
