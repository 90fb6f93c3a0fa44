"""What a policy accepts from plugins: calendars, which know the days of some years (R-SLA-13, R-SLA-15).

A calendar plugin is registered in the entry point group `yingda.calendars`; `plugin:` of a calendar in the policy names
it. It is asked when a policy file is read, never later: what it says becomes a set of holidays of that policy, so that
all processes that read the policy compute with the same days and its version names them (R-SLA-12).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from shared.plugins import Setup
from shared.policy.base import Text as Text
from shared.policy.calendars import Holiday as Holiday
from shared.policy.calendars import HolidayYear as HolidayYear
from shared.policy.hours import DaySpan as DaySpan
from shared.policy.hours import Hours as Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSetup(Setup):
    """What a calendar is built from: besides what every plugin gets the directory of the policy file."""

    beside: Path


@runtime_checkable
class Calendar(Protocol):
    """Knows holidays, make-up days and changed hours by year."""

    def year(self, year: int) -> HolidayYear | None:
        """Return the days of that year, all within it; None where nothing is known of the year.

        `official` is for days that will not change any more. In a year that is not official, or of which nothing is
        known, deadlines are provisional; they are computed anew when other days come (R-SLA-13). The same question has
        the same answer until there is news, whatever the time. What is raised keeps the policy from being used: a
        deadline is never guessed.
        """
        ...
