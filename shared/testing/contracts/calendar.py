"""What every calendar promises (shared/policy/ports.py): the days of a year, all within it, and always the same ones."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from shared.plugins import Setup
from shared.policy.calendars import HolidaySet
from shared.policy.ports import Calendar, CalendarSetup, HolidayYear
from shared.testing.contracts.base import PluginContract


class CalendarContract(PluginContract):
    """Subclass it as `Test…`, with `plugin`, and say which days of which years are `closed`, and which are `worked`."""

    kind: ClassVar[str] = "calendar"
    closed: ClassVar[tuple[date, ...]] = ()
    """Days that belong to a holiday."""
    worked: ClassVar[tuple[date, ...]] = ()
    """Make-up days: worked though the week says otherwise."""

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup of a calendar, beside a policy file in its own folder."""
        values = self.setup_values(config, secrets)
        return CalendarSetup(**values, beside=self.folder or Path())

    def calendar(self) -> Calendar:
        """Return the calendar under test."""
        built: Calendar = self.typed(Calendar)
        return built

    def test_knows_its_own_days(self) -> None:
        """R-SLA-13, R-SLA-15: what it was made for."""
        assert self.closed or self.worked, "give at least one day that is closed or worked"
        calendar = self.calendar()
        for day in self.closed:
            found = calendar.year(day.year)
            assert found is not None, f"it knows nothing of {day.year}"
            assert any(one.days.first <= day <= one.days.last for one in found.holidays), f"{day} is no holiday"
        for day in self.worked:
            found = calendar.year(day.year)
            assert found is not None, f"it knows nothing of {day.year}"
            assert day in found.make_up_days, f"{day} is no make-up day"

    def test_any_year_has_an_answer_of_its_own_days(self) -> None:
        """The days of a year lie within it; of a year that it does not know it says so."""
        calendar = self.calendar()
        for year in self._years():
            found: object = calendar.year(year)
            assert found is None or isinstance(found, HolidayYear), f"{year} is answered by {found!r}"
            if found is not None:
                HolidaySet.model_validate({"source": self.plugin.name, "years": {year: found}})

    def test_the_same_question_has_the_same_answer(self) -> None:
        """R-SLA-12: every process that reads the policy computes with the same days."""
        one, other = self.calendar(), self.calendar()
        for year in self._years():
            first = one.year(year)
            assert first == one.year(year) == other.year(year), f"two answers for {year}"

    def _years(self) -> list[int]:
        named = {day.year for day in (*self.closed, *self.worked)}
        return sorted({2000, 2026, 2027, 2099} | named)
