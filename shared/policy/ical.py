"""Days off from an iCalendar file (R-SLA-15): its all-day events are closed days, or make-up days where they say so.

Read are DTSTART, DTEND (exclusive), DURATION in days or weeks, STATUS and SUMMARY of every VEVENT (RFC 5545). An event
is a make-up working day (调休) if X-APPLE-SPECIAL-DAY says ALTERNATE-WORKDAY, as the public Chinese calendars do, or
its summary says 补班, 调班 or 上班. Events with a time of day are appointments, not days off, and are passed over; so
are cancelled ones. A recurring all-day event is a fault: which days it means would be left to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shared.policy.hours import DaySpan

_MAKE_UP: Final = re.compile("补班|调班|上班|[(\uff08]班[)\uff09]")
_DURATION: Final = re.compile(r"P(\d{1,3})([DW])")
_DATE: Final = re.compile(r"\d{8}")
_RECURRENCE: Final = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


class ICalError(ValueError):
    """The iCalendar file cannot be used; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ICalDays:
    """Days of one file, in its order."""

    closed: tuple[DaySpan, ...]
    make_up: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class _Property:
    line: int
    name: str
    parameters: str
    value: str


def read_ical(text: str) -> ICalDays:
    """Find the closed and the make-up days of a calendar; ICalError names the line that cannot be used."""
    closed: list[DaySpan] = []
    make_up: list[date] = []
    for event in _events(text):
        span = _days(event)
        if span is None or event["STATUS"].value.upper() == "CANCELLED":
            continue
        if repeated := next((event[name] for name in _RECURRENCE if name in event), None):
            raise ICalError(repeated.line, f"{repeated.name}: recurring events are not read; export single days")
        if event["X-APPLE-SPECIAL-DAY"].value == "ALTERNATE-WORKDAY" or _MAKE_UP.search(event["SUMMARY"].value):
            make_up += list(span)
        else:
            closed.append(span)
    return ICalDays(tuple(closed), tuple(make_up))


class _Event(dict[str, _Property]):
    """The properties of one event by name; an absent one is empty."""

    def __missing__(self, name: str) -> _Property:
        return _Property(0, name, "", "")


def _events(text: str) -> Iterator[_Event]:
    properties = list(_properties(text))
    if not properties or (properties[0].name, properties[0].value.upper()) != ("BEGIN", "VCALENDAR"):
        raise ICalError(1, "is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
    event: _Event | None = None
    inside: list[str] = []
    for found in properties:
        kind = found.value.upper()
        if found.name == "BEGIN":
            inside.append(kind)
            event = _Event() if kind == "VEVENT" else event
        elif found.name == "END":
            if not inside or inside.pop() != kind:
                raise ICalError(found.line, f"END:{kind} ends nothing that has begun")
            if kind == "VEVENT" and event is not None:
                yield event
        elif event is not None and inside[-1] == "VEVENT":  # not an alarm inside the event
            event.setdefault(found.name, found)
    if inside:
        raise ICalError(properties[-1].line, f"the file ends inside {inside[-1]}")


def _properties(text: str) -> Iterator[_Property]:
    """Unfold the lines (a line that begins with a blank continues the one before) and take them apart."""
    unfolded: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line[:1] in {" ", "\t"} and unfolded:
            unfolded[-1] = (unfolded[-1][0], unfolded[-1][1] + line[1:])
        elif line.strip():
            unfolded.append((number, line))
    for number, line in unfolded:
        head, colon, value = line.partition(":")
        if not colon:
            raise ICalError(number, f'"{line[:40]}" is no line of an iCalendar file: a colon is missing')
        name, _, parameters = head.partition(";")
        yield _Property(number, name.strip().upper(), parameters.upper(), value.strip())


def _days(event: _Event) -> DaySpan | None:
    """Return the days of an all-day event, None for an appointment."""
    start, end, length = event["DTSTART"], event["DTEND"], event["DURATION"]
    if "VALUE=DATE" not in start.parameters.split(";") and not _DATE.fullmatch(start.value):
        return None
    first = _date(start)
    last = first
    if end.value:
        last = max(first, _date(end) - timedelta(days=1))
    elif length.value:
        found = _DURATION.fullmatch(length.value)
        if found is None:
            raise ICalError(length.line, f'"{length.value}" is no whole number of days')
        last = first + timedelta(days=max(1, int(found[1]) * (7 if found[2] == "W" else 1)) - 1)
    try:
        return DaySpan(first, last)
    except ValueError as error:
        raise ICalError(start.line, str(error)) from None


def _date(found: _Property) -> date:
    if _DATE.fullmatch(found.value):
        try:
            return date.fromisoformat(found.value)
        except ValueError:
            pass
    raise ICalError(found.line, f'"{found.value}" is no day; days are written like 20261001')
