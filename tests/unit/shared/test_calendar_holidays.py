"""The holiday data against chinesecalendar, day by day, and the statutory days against the moon (R-SLA-13)."""

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest

from shared.policy import load_policy
from shared.policy.holidays_cn import LUNAR, render, statutory_days
from shared.policy.loader import DEFAULT_POLICY

YEARS = range(2020, 2027)


def days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize("year", YEARS)
def test_every_day_is_worked_or_not_as_the_state_council_says(year: int) -> None:
    """R-SLA-13: seven years, every day, weekends, holidays and make-up days alike."""
    office = load_policy().calendar("office")
    assert [day for day in days(year) if office.office_day(day) != chinese_calendar.is_workday(day)] == []
    assert year in (office.data.official_years or ())


@pytest.mark.parametrize("year", YEARS)
def test_every_holiday_is_known_by_name(year: int) -> None:
    """R-IN-11: greetings on public holidays."""
    policy = load_policy()
    for day in days(year):
        _, name = chinese_calendar.get_holiday_detail(day)
        holiday = policy.holiday(day)
        expected = name if chinese_calendar.is_holiday(day) else None
        assert (holiday.name.en if holiday else None) == expected


def test_the_data_file_is_what_the_command_writes() -> None:
    """A newer chinesecalendar shows here: run `python -m shared.policy.holidays_cn` again."""
    assert (DEFAULT_POLICY.parent / "holidays.cn.yaml").read_text(encoding="utf-8") == render()


def test_years_to_come_are_not_official() -> None:
    office = load_policy().calendar("office")
    assert office.data.official_years == frozenset(YEARS)


@pytest.mark.parametrize("year", sorted(LUNAR))
def test_lunar_festivals_fall_on_their_day_of_the_moon(year: int) -> None:
    """First, fifth and fifteenth day of a lunar month, within the day that the mean moon differs from the true one."""
    new_moon = datetime(2000, 1, 6, 18, 14, tzinfo=UTC)
    month = timedelta(days=29.530588853)
    spring, qingming, boat, autumn = (date.fromisoformat(f"{year}-{day}") for day in LUNAR[year])
    for day, lunar_day in ((spring, 1), (boat, 5), (autumn, 15)):
        noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)  # 12:00 in Beijing
        off = (noon - new_moon - timedelta(days=lunar_day - 1) + month / 2) % month - month / 2
        assert abs(off) < timedelta(days=1.2)
    assert date(year, 1, 21) <= spring <= date(year, 2, 20)
    assert qingming in {date(year, 4, 4), date(year, 4, 5)}
    assert statutory_days(year)[0] == ("New Year's Day", date(year, 1, 1), date(year, 1, 1))
    assert sum((last - first).days + 1 for _, first, last in statutory_days(year)) == 13
