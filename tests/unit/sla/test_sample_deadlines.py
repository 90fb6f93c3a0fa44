"""Every clock's deadline equals one that is counted out, second by second of the office's day (R-SLA-01, R-SLA-02).

The slow calculation knows nothing of our calendars or policy: it has the handbook's table, chinesecalendar's holidays
and a walk through time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from shared.events import Grade
from shared.policy import Policy
from tests.unit.sla.story import Book, Story, local

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "contacts.zh.jsonl"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)

# Handbook, section 4, in minutes; the second table is R-SLA-01 and R-SLA-02. W: minutes of ordinary time.
FIRST = {"urgent": "10", "normal": "30", "complex": "120"}
RESULT = {"urgent": "120", "normal": "1440W", "complex": "1440"}
TABLE: dict[str, dict[str, str | dict[str, str]]] = {
    "product_inquiry": {"first_response": FIRST, "department_response": "60", "resolution": RESULT},
    "project_matching": {"first_response": FIRST, "resolution": RESULT},
    "general": {"first_response": FIRST, "resolution": RESULT},
    "membership": {"first_response": FIRST, "resolution": RESULT},
    "info_change": {"first_response": FIRST, "resolution": RESULT},
    "ad_slot": {"first_response": FIRST, "resolution": RESULT},
    "after_sales": {"first_response": FIRST, "department_response": "60", "resolution": "480"},
    "complaint": {"first_response": FIRST, "resolution": "120"},
    "staff_complaint": {"first_response": FIRST, "resolution": "120"},
    "emergency": {"first_response": "10W", "resolution": "120"},
}
GRADES: tuple[Grade, ...] = ("urgent", "normal", "complex")


class Sample(NamedTuple):
    """A contact as the clocks see it."""

    occurred_at: datetime
    category: str
    grade: Grade
    department: str


@lru_cache(maxsize=1000)
def works(day: date) -> bool:
    """Whether the State Council lets the house work on that day, weekends made up for included."""
    return bool(chinese_calendar.is_workday(day))


def walk(start: datetime, minutes: str) -> datetime:
    """The deadline, found by looking at every minute that passes; whole minutes, then the odd rest of the start."""
    if minutes.endswith("W"):
        return start + int(minutes[:-1]) * MINUTE
    at, left = start.astimezone(SHANGHAI), int(minutes) * MINUTE
    while True:
        is_open = works(at.date()) and 9 <= at.hour < 17
        step = at.replace(second=0, microsecond=0) + MINUTE - at
        if is_open:
            if left <= step:
                return at + left
            left -= step
        at += step


def hand_over(start: datetime) -> datetime:
    """16:00 of that office day; of the next one from 16:00 on, and on closed days (R-RT-03)."""
    day = start.astimezone(SHANGHAI)
    at = day.replace(hour=16, minute=0, second=0, microsecond=0)
    while not works(at.date()) or at <= day:
        at += timedelta(days=1)
    return at


def file_samples() -> Iterator[Sample]:
    """The contacts beside the repository, where they are."""
    if not DATA.exists():
        return
    for line in DATA.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expected = row["expected"]
        yield Sample(
            datetime.fromisoformat(row["contact"]["occurred_at"]),
            expected["category"],
            expected["grade"],
            expected["department"],
        )


def generated_samples() -> Iterator[Sample]:
    """Contacts around every holiday and make-up weekend of 2026, at the edges of the office's day and between."""
    chance = Random(20261123)
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(355)]
    odd = [day for day in days if works(day) != (day.weekday() < 5)]
    moments = ("00:00:00", "08:59:59", "09:00:00", "15:59:59.999999", "16:00:00", "16:59:59", "17:00:00", "23:59:59")
    categories = sorted(TABLE)
    while True:
        day = chance.choice(odd) + timedelta(days=chance.randint(-2, 2))
        text = chance.choice(
            (*moments, f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}")
        )
        category = chance.choice(categories)
        department = "service" if category in {"general", "emergency"} else chance.choice(("market", "network"))
        at = local(f"{max(date(2026, 1, 1), day)} {text}")
        yield Sample(at, category, chance.choice(GRADES), department)


def samples() -> list[Sample]:
    given, invented = list(file_samples()), generated_samples()
    return given + [next(invented) for _ in range(max(40, 200 - len(given)))]


@pytest.mark.slow
def test_every_deadline_equals_the_slow_walk(policy: Policy) -> None:
    checked = 0
    for number, sample in enumerate(samples()):
        cut = hand_over(sample.occurred_at) if sample.category in {"info_change", "ad_slot"} else None
        book = Book(policy)
        story = Story(department=sample.department)
        book.apply(story.opened(sample.occurred_at, sample.category, sample.grade, cutoff_at=cut))
        wanted = {}
        for metric, target in TABLE.get(sample.category, {}).items():
            minutes = target if isinstance(target, str) else target[sample.grade]
            start = cut if cut is not None and metric == "resolution" else sample.occurred_at
            wanted[metric] = (start, walk(start, minutes))
        if sample.category in TABLE:  # care is planned by the house itself: nobody waits
            wanted["progress_update"] = (sample.occurred_at, sample.occurred_at + timedelta(hours=24))
        if sample.category in TABLE and sample.grade == "complex":  # R-RT-09
            wanted["collaboration_start"] = (sample.occurred_at, walk(sample.occurred_at, "120"))
        if cut is not None:  # R-RT-03
            wanted["cutoff"] = (sample.occurred_at, cut)
        found = {clock.metric: (clock.started_at, clock.due_at) for clock in book.clocks.clocks.values()}
        assert found == wanted, (number, sample)
        checked += len(found)
    assert checked > 600
