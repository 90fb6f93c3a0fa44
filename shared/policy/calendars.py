"""Calendars and holidays as a policy describes them (R-SLA-13, R-SLA-15), and the calendar data they make."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from shared.policy.base import Key, Model, Text, WrittenDay, WrittenDays, WrittenHours, WrittenYears, ZoneName
from shared.policy.calendar import CalendarData
from shared.policy.hours import Hours

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _apart(hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
    for one, following in pairwise(hours):
        if following.start < one.end:
            raise ValueError(
                f"{following} does not come after {one}; write the hours of a day in order, without overlap"
            )
    return hours


DayHours = Annotated[tuple[WrittenHours, ...], AfterValidator(_apart)]


class Week(Model):
    """Office hours of each weekday, local time; an empty list is a closed day."""

    mon: DayHours
    tue: DayHours
    wed: DayHours
    thu: DayHours
    fri: DayHours
    sat: DayHours = ()
    sun: DayHours = ()

    @property
    def days(self) -> tuple[tuple[Hours, ...], ...]:
        """Monday to Sunday."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


class Holiday(Model):
    """A public holiday and the days off around it."""

    name: Text
    days: WrittenDays


class HolidayYear(Model):
    """The holidays of one year; `official` once the State Council (or the like) has published the schedule."""

    official: bool
    holidays: tuple[Holiday, ...]
    make_up_days: tuple[WrittenDay, ...] = ()
    special_days: Annotated[
        Mapping[WrittenDay, DayHours], Field(default_factory=dict, exclude_if=lambda days: not days)
    ]
    """Days with hours of their own, as the morning before a holiday or a shop's shifts; an empty list is a closed day."""

    @field_validator("holidays")
    @classmethod
    def _in_order(cls, holidays: tuple[Holiday, ...]) -> tuple[Holiday, ...]:
        for one, following in pairwise(holidays):
            if following.days.first < one.days.first:
                raise ValueError(f"{following.days} stands after {one.days}; write holidays in order")
        return holidays


class HolidaySet(Model):
    """Public holidays of a country, by year."""

    source: str
    years: Mapping[int, HolidayYear]

    @field_validator("years")
    @classmethod
    def _in_their_year(cls, years: Mapping[int, HolidayYear]) -> Mapping[int, HolidayYear]:
        for year, entry in years.items():
            days = [day for holiday in entry.holidays for day in holiday.days]
            for day in (*days, *entry.make_up_days, *entry.special_days):
                if day.year != year:
                    raise ValueError(f"{day} is not a day of {year}")
        return years

    @property
    def official_years(self) -> frozenset[int]:
        """Years whose official schedule is in the data."""
        return frozenset(year for year, entry in self.years.items() if entry.official)

    def holiday(self, day: date) -> Holiday | None:
        """Return the public holiday that `day` belongs to, if any (R-IN-11)."""
        entry = self.years.get(day.year)
        found = (
            (holiday for holiday in entry.holidays if holiday.days.first <= day <= holiday.days.last) if entry else ()
        )
        return next(iter(found), None)


class CalendarPlugin(Model):
    """A plugin that gives the days of a calendar, for which years, and its settings (`shared.policy.ports`).

    Without `config` it has the settings that stand under `plugins.calendars`.
    """

    name: Key
    years: WrittenYears
    config: Annotated[Mapping[str, Any], Field(default_factory=dict)]


def _joined(_value: object) -> bool:
    """Leave out of a policy's content where days came from: they are part of it since the file was read."""
    return True


class CalendarSpec(Model):
    """One office calendar; without `holidays` it follows no official schedule."""

    timezone: ZoneName | None = None
    hours: Week
    make_up_hours: DayHours | None = None
    """Hours of a make-up working day on a weekday that is otherwise closed; by default those of the first open weekday."""
    holidays: Key | None = None
    plugin: Annotated[CalendarPlugin | None, Field(exclude_if=_joined)] = None
    """Gives the holidays in place of a set. Like `ical` it is read with the file: the policy has the days, not the way to them."""
    closed_days: tuple[WrittenDays, ...] = ()
    make_up_days: tuple[WrittenDay, ...] = ()
    ical: Annotated[tuple[str, ...], Field(exclude_if=_joined)] = ()
    """iCalendar files beside the policy file; their all-day events join the closed and make-up days (`shared.policy.ical`)."""
    special_days: Annotated[Mapping[WrittenDay, DayHours], Field(default_factory=dict)]

    @field_validator("hours")
    @classmethod
    def _open_at_all(cls, hours: Week) -> Week:
        if not any(hours.days):
            raise ValueError("the calendar is never open, so no deadline could fall due")
        return hours

    @field_validator("make_up_days")
    @classmethod
    def _not_closed_too(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        closed = {day for span in info.data.get("closed_days", ()) for day in span}
        for day in days:
            if day in closed:
                raise ValueError(f"{day} is both a closed day and a make-up day")
        return days

    def data(self, name: str, timezone: str, holidays: HolidaySet | None) -> CalendarData:
        """Put the calendar's own days over those of the holiday set."""
        years = holidays.years.values() if holidays else ()
        closed = {day for span in self.closed_days for day in span}
        make_up = set(self.make_up_days)
        public = {day for year in years for holiday in year.holidays for day in holiday.days}
        worked = {day for year in years for day in year.make_up_days}
        changed = {day: hours for year in years for day, hours in year.special_days.items()}
        return CalendarData(
            name=name,
            timezone=self.timezone or timezone,
            weekly=self.hours.days,
            make_up_hours=next(filter(None, self.hours.days)) if self.make_up_hours is None else self.make_up_hours,
            closed=frozenset(closed | (public - make_up - worked)),
            make_up=frozenset(make_up | (worked - closed)),
            special={**{day: changed[day] for day in changed.keys() - closed - make_up}, **self.special_days},
            official_years=holidays.official_years if holidays else None,
        )
