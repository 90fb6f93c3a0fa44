"""How fast a clock runs: always, or in the office hours of one calendar."""

from datetime import datetime, timedelta
from typing import Final

from shared.policy import BusinessCalendar, Duration, Policy
from shared.values import frozen

WALL: Final = "wall"


@frozen
class Pace:
    """The time that a clock counts; exact to the microsecond. `name` is what events call `calendar`."""

    name: str
    calendar: BusinessCalendar | None = None

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """Return when `amount` from `start` is used up."""
        return start + amount if self.calendar is None else self.calendar.add(start, amount)

    def used(self, start: datetime, end: datetime) -> timedelta:
        """Return the time counted between two instants; nothing where `end` is not after `start`."""
        if self.calendar is None:
            return max(end - start, timedelta())
        return self.calendar.used(start, end)

    def provisional(self, start: datetime, end: datetime) -> bool:
        """Return whether the days between are computed without an official holiday schedule (R-SLA-13)."""
        return self.calendar is not None and self.calendar.provisional(start, end)


ALWAYS: Final = Pace(WALL)


def pace_of(target: Duration, department: str, policy: Policy) -> Pace:
    """Return the pace of a new clock: the department's own calendar for business time."""
    if target.kind == WALL:
        return ALWAYS
    calendar = policy.calendar_of(department)
    return Pace(calendar.name, calendar)


def pace_named(name: str, department: str, policy: Policy) -> Pace:
    """Return the pace that a running clock was started with, also after it went to another department.

    Where the policy has lost that calendar meanwhile, the department's own is the nearest to it.
    """
    if name == WALL:
        return ALWAYS
    calendar = policy.calendar(name) if name in policy.calendars else policy.calendar_of(department)
    return Pace(name, calendar)
