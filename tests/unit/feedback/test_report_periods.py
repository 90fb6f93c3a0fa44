"""R-FB-05: weeks and months are local, their reports are due by policy, and missed ones are made up."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.report.period import Period, ReportKind, containing, missing, trend
from shared.policy import load_policy
from tests.unit.feedback.builders import local

POLICY = load_policy().feedback.reports
ZONE = ZoneInfo("Asia/Shanghai")


def test_a_week_is_local_monday_to_monday() -> None:
    """R-FB-05."""
    week = containing("weekly", date(2026, 11, 29), ZONE)
    assert (week.first, week.last, week.name) == (date(2026, 11, 23), date(2026, 11, 29), "weekly-2026-11-23")
    assert (week.start_at, week.end_at) == (local("2026-11-23 00:00"), local("2026-11-30 00:00"))
    assert week.due(POLICY) == local("2026-11-30 08:00")
    assert Period("weekly", date(2026, 11, 2), date(2026, 11, 16), ZONE).name == "weekly-2026-11-02-to-2026-11-15"


def test_a_month_is_local_first_to_first() -> None:
    """R-FB-05: also December, also a leap year's February."""
    december = containing("monthly", date(2026, 12, 31), ZONE)
    assert (december.first, december.end) == (date(2026, 12, 1), date(2027, 1, 1))
    assert december.due(POLICY) == local("2027-01-01 08:00")
    assert containing("monthly", date(2028, 2, 29), ZONE).last == date(2028, 2, 29)
    assert december.before().first == date(2026, 11, 1)
    assert december.after().end == date(2027, 2, 1)


@given(st.sampled_from(["weekly", "monthly"]), st.dates(date(2000, 1, 10), date(2100, 1, 1)))
def test_periods_follow_one_another_without_gap_or_overlap(kind: ReportKind, day: date) -> None:
    """R-FB-05: every day lies in exactly one."""
    here = containing(kind, day, ZONE)
    assert here.first <= day < here.end
    assert (here.before().end, here.after().first) == (here.first, here.end)
    assert here.before().after() == here
    assert [one.end for one in trend(here, 4)][:-1] == [one.first for one in trend(here, 4)][1:]


def test_a_week_of_a_zone_with_summer_time_has_its_own_length() -> None:
    """R-FB-05: local days, not 168 hours."""
    week = containing("weekly", date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert week.end_at.astimezone(UTC) - week.start_at.astimezone(UTC) == timedelta(hours=169)


@pytest.mark.parametrize(
    ("after", "begun", "now", "wanted", "moment"),
    [
        (None, None, "2026-11-25 10:00", None, "2026-11-30 08:00"),
        (None, "2026-11-25 09:00", "2026-11-25 10:00", None, "2026-11-30 08:00"),
        (None, "2026-11-25 09:00", "2026-11-30 08:00", date(2026, 11, 23), "2026-11-30 08:00"),
        (None, "2026-11-30 00:00", "2026-11-30 08:00", None, "2026-12-07 08:00"),
        (date(2026, 11, 23), "2026-11-25 09:00", "2026-11-30 08:00", None, "2026-12-07 08:00"),
        (date(2026, 11, 23), None, "2026-12-25 08:00", date(2026, 11, 30), "2026-12-25 08:00"),
    ],
)
def test_the_next_report_follows_the_last_one(
    after: date | None, begun: str | None, now: str, wanted: date | None, moment: str
) -> None:
    """R-FB-05: one after the other from the first fact on, so that none is missed."""
    last = containing("weekly", after, ZONE) if after else None
    began = local(begun) if begun else None
    period, look = missing("weekly", last, began, local(now), POLICY, ZONE)
    assert (period.first if period else None, look) == (wanted, local(moment))
