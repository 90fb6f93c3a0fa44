"""The customer hears something in time, without anybody's doing (R-SLA-04, R-RT-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain.facts import after
from services.notify.domain.quiet import earliest
from shared.events import WorkorderConfirmed, WorkorderSigned
from shared.policy import load_policy
from tests.unit.notify.events import NOW, step, warned, work_order
from tests.unit.notify.told import only, told

POLICY = load_policy()
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(("percent", "wanted"), [(50, False), (80, True)])
def test_the_customer_hears_something_every_day(percent: int, wanted: bool) -> None:
    """R-SLA-04: an automatic word at the last warning before the deadline, here at 05:12 for 10:00."""
    due = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
    at = due - timedelta(hours=24) * (1 - percent / 100)
    event = warned(metric="progress_update", percent=percent, at=at, due_at=due)
    assert (("progress", "customer") in told(event, work_order())) is wanted


def test_an_early_word_is_said_where_the_night_would_swallow_the_last() -> None:
    """R-SLA-04: due at 07:30, 80 % at 02:42: at 50 %, 19:30, it is said now."""
    due = datetime(2026, 11, 24, 7, 30, tzinfo=SHANGHAI)
    event = warned(metric="progress_update", percent=50, at=due - timedelta(hours=12), due_at=due)
    assert told(event, work_order()) == {("progress", "customer")}
    assert only(event, work_order(), "progress").values["automatic"] is True


def days_of_automatic_words(start: datetime, days: int, latency: timedelta) -> list[timedelta]:
    """Live through `days` of a work order nobody writes about; return how much time each automatic word had left."""
    left: list[timedelta] = []
    end = start + timedelta(days=days)
    while start < end:
        due = start + timedelta(hours=24)
        marks = [(percent, due - timedelta(hours=24) * (1 - percent / 100) + latency) for percent in (50, 80)]
        seconds = latency.total_seconds()
        heard = [
            earliest(at, "customer", "progress", "after_sales", POLICY) + latency
            for percent, at in marks
            if ("progress", "customer")
            in told(
                warned(metric="progress_update", percent=percent, at=at, due_at=due, late_seconds=seconds), work_order()
            )
        ]
        start = min(heard)
        left.append(due - start)
    return left


@pytest.mark.parametrize("hour", range(24))
def test_an_open_work_order_never_breaches_its_progress_clock_by_the_nights(hour: int) -> None:
    """R-SLA-04, R-NT-05: also the word that left at the end of the quiet hours is followed by one in time."""
    for minute in range(0, 60, 7):
        start = datetime(2026, 11, 23, hour, minute, 5, tzinfo=SHANGHAI)
        assert min(days_of_automatic_words(start, 10, timedelta(seconds=20))) > timedelta(minutes=25)


def test_the_word_after_one_at_the_end_of_the_night_is_said_in_the_evening() -> None:
    """R-SLA-04: due at 08:00:05, and waiting for 08:00:00 would be too late by the time the message has left."""
    due = datetime(2026, 11, 24, 8, 0, 5, tzinfo=SHANGHAI)
    evening = warned(metric="progress_update", percent=50, at=due - timedelta(hours=12), due_at=due)
    assert ("progress", "customer") in told(evening, work_order())
    later = due + timedelta(hours=1)  # enough time in the morning
    evening = warned(metric="progress_update", percent=50, at=later - timedelta(hours=12), due_at=later)
    assert ("progress", "customer") not in told(evening, work_order())


def test_a_short_clock_is_not_answered_early_for_the_margin() -> None:
    """R-SLA-04: two hours at noon, the last warning 24 minutes before the end."""
    due = datetime(2026, 11, 24, 13, 0, tzinfo=SHANGHAI)
    half = warned(metric="progress_update", percent=50, at=due - timedelta(hours=1), due_at=due)
    assert ("progress", "customer") not in told(half, work_order())


def test_a_customer_waits_until_the_last_signature() -> None:
    """R-NT-02, R-SLA-04: what must be confirmed is no result yet, so the daily word goes on."""
    signed = step(WorkorderSigned, status="signed", confirmation_required=True)
    assert after(work_order(), signed).in_work
    assert not after(work_order(), signed.replace(confirmation_required=False)).in_work
    assert not after(work_order(), step(WorkorderConfirmed, status="confirmed")).in_work


def test_the_customer_hears_something_by_the_promised_time() -> None:
    """R-RT-10: even without progress, and each of several promises by itself."""
    event = warned(metric="promise", clock_id="k7", due_at=NOW + timedelta(hours=1))
    notice = only(event, work_order(), "progress")
    assert (notice.audience, notice.kind, notice.once) == ("customer", "promise", "k7/progress")
    assert notice.values["automatic"] is True
    assert notice.values["due_at"] == (NOW + timedelta(hours=1)).isoformat()


def test_a_promise_for_the_night_is_kept_in_the_evening() -> None:
    """R-RT-10, R-NT-05: promised for 23:00, 80 % is in the quiet hours, so it is said at 50 %."""
    due = datetime(2026, 11, 23, 23, 0, tzinfo=SHANGHAI)
    half = warned(metric="promise", percent=50, at=due - timedelta(hours=4), due_at=due)
    assert ("progress", "customer") in told(half, work_order())
