"""Departments by their own calendars: time zones, lunch, activities, clock changes, imported days (R-SLA-15)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.events import WorkorderPaused, WorkorderResumed
from shared.policy import load_policy
from shared.policy.loader import DEFAULT_POLICY
from tests.unit.sla.changes import calendar, changed
from tests.unit.sla.story import Book, Story, local

URUMQI = {
    "calendars.west": calendar("10:00-12:00", "14:00-18:00", timezone="Asia/Urumqi"),
    "departments.network.calendar": "west",
}
SPECIAL = {
    "calendars.office.special_days": {"2026-11-28": ["09:00-12:00", "13:00-21:00"], "2026-11-30": []},
}
BERLIN = {
    "calendars.berlin": calendar("09:00-17:00", days="mon tue wed thu fri sat sun", timezone="Europe/Berlin"),
    "departments.network.calendar": "berlin",
}
CASES: list[tuple[str, dict[str, Any], str, str, str, str]] = [
    ("lunch and another time zone", URUMQI, "network", "2026-11-23 13:30", "west", "2026-11-23 17:30"),
    ("before that office opens", URUMQI, "network", "2026-11-23 09:00", "west", "2026-11-23 14:00"),
    ("the house's own is untouched", URUMQI, "market", "2026-11-23 13:30", "office", "2026-11-23 15:30"),
    (
        "an activity on a Saturday, closed on Monday",
        SPECIAL,
        "market",
        "2026-11-27 16:30",
        "office",
        "2026-11-28 10:30",
    ),
    ("its long evening", SPECIAL, "market", "2026-11-28 20:00", "office", "2026-12-01 10:00"),
    (
        "the night in which Europe's clocks went back",
        BERLIN,
        "network",
        "2026-10-25 23:00",
        "berlin",
        "2026-10-26 17:00",
    ),
]


@pytest.mark.parametrize(
    ("changes", "department", "at", "name", "due"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_department_counts_by_its_own_calendar(
    changes: dict[str, Any], department: str, at: str, name: str, due: str
) -> None:
    """R-SLA-15: two office hours of a complaint."""
    book = Book(changed(changes))
    book.apply(Story(department=department).opened(local(at)))
    clock = book.clock("resolution")
    assert (clock.calendar, clock.due_at) == (name, local(due))


def test_a_clock_keeps_its_calendar_when_the_work_order_moves() -> None:
    """R-SLA-15, R-SLA-09: what was computed for the customer stays; what starts later is the new department's."""
    book, story = Book(changed(URUMQI)), Story()
    book.apply(story.opened(local("2026-11-23 10:00")))
    before = book.clock("resolution").due_at
    story.department = "network"
    book.apply(
        story.step(WorkorderPaused, local("2026-11-23 11:00")), story.step(WorkorderResumed, local("2026-11-23 11:30"))
    )
    assert book.clock("resolution").due_at == before + timedelta(minutes=30)
    assert book.clock("resolution").department == "network"
    book.apply(story.signed(local("2026-11-23 17:00")))
    assert (book.clock("customer_reply").calendar, book.clock("customer_reply").due_at) == (
        "west",
        local("2026-11-23 17:10"),
    )


def test_the_days_of_an_ical_file_count(tmp_path: Path) -> None:
    """R-SLA-15: a closed day and a made-up one, imported."""
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20261124", "SUMMARY:盘点", "END:VEVENT", "BEGIN:VEVENT",
             "DTSTART;VALUE=DATE:20261128", "SUMMARY:补班", "END:VEVENT", "END:VCALENDAR"]  # fmt: skip
    (tmp_path / "days-off.ics").write_text("\r\n".join(lines), encoding="utf-8")
    written = DEFAULT_POLICY.read_text(encoding="utf-8").replace("ical: [] #", "ical: [days-off.ics] #")
    (tmp_path / "policy.yaml").write_text(written, encoding="utf-8")
    policy = load_policy(tmp_path / "policy.yaml")
    due = {}
    for at in ("2026-11-23 16:00", "2026-11-27 16:00"):
        book = Book(policy)
        book.apply(Story().opened(local(at)))
        due[at] = book.clock("resolution").due_at
    assert due == {"2026-11-23 16:00": local("2026-11-25 10:00"), "2026-11-27 16:00": local("2026-11-28 10:00")}


@pytest.mark.parametrize(("at", "days"), [("2026-11-23 10:00", 39), ("2026-12-31 23:59", 1), ("2027-01-01 00:00", 0)])
def test_how_long_the_official_schedule_is_known(at: str, days: int) -> None:
    """R-SLA-13, R-OB-03: so that somebody is told in time that the next year is missing."""
    assert load_policy(None).calendar("office").official_days(local(at)) == days
    assert changed(BERLIN).calendar("berlin").official_days(local(at)) is None


def test_a_make_up_weekend_and_a_holiday_of_the_data_count() -> None:
    """R-SLA-13, R-SLA-15: the Saturday before and the week of the National Day 2026."""
    due = {}
    for at in ("2026-09-30 16:00", "2026-10-09 16:30"):
        book = Book(load_policy(None))
        book.apply(Story().opened(local(at)))
        due[at] = book.clock("resolution").due_at
    assert due == {"2026-09-30 16:00": local("2026-10-08 10:00"), "2026-10-09 16:30": local("2026-10-10 10:30")}
