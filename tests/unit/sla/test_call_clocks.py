"""Calls that are due beside the main line: return calls, second contacts, withdrawn and overtaking ones (R-IN-10, R-SLA-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.events import (
    CallbackWithdrawn,
    Event,
    WorkorderCancelled,
    WorkorderClosed,
    WorkorderPaused,
)
from tests.unit.sla.story import MONDAY, Book, Story, after, local

# The register (R-IN-07)


def test_a_missed_call_is_returned_in_time(book: Book, story: Story) -> None:
    """R-IN-10: the clock is the callback's own; a person who reached the customer has answered (R-SLA-01)."""
    book.apply(story.opened(MONDAY), story.return_call(MONDAY, after(minutes=10)))
    clock = next(one for one in book.clocks.clocks.values() if one.subject_type == "callback")
    assert (clock.subject_id, clock.metric, clock.department, clock.due_at) == (
        "r1",
        "callback",
        "service",
        after(minutes=10),
    )
    told = book.apply(story.called(after(minutes=9), kind="return_call", callback_id="r1", department="service"))
    met = {(event.subject_type, event.metric) for event in told if event.TYPE.endswith("met.v1")}
    assert met == {("callback", "callback"), ("workorder", "first_response"), ("workorder", "progress_update")}


def test_a_return_call_counts_office_time_like_its_target(book: Book, story: Story) -> None:
    """R-IN-10, R-SLA-07, R-SLA-09: of a call missed on Friday evening nobody is warned over the weekend."""
    friday, monday = local("2026-11-20 16:58"), local("2026-11-23 09:08")
    book.apply(story.opened(friday), story.return_call(friday, monday))
    clock = book.clock_of("callback", "callback")
    assert (clock.calendar, clock.target, clock.due_at) == ("office", timedelta(minutes=10), monday)
    warned = [e for e in book.watch(local("2026-11-22 12:00")) if e.subject_type == "callback"]
    assert warned == []
    warned = [e for e in book.watch(local("2026-11-23 09:03")) if e.subject_type == "callback"]
    assert [event.TYPE.split(".")[2] for event in warned] == ["warned"]


def test_a_return_call_at_a_time_of_its_own_is_due_then(book: Book, story: Story) -> None:
    """R-IN-10, R-SLA-12: feedback has said the time, whatever target it was made from."""
    book.apply(story.opened(MONDAY), story.return_call(MONDAY, after(minutes=25)))
    clock = book.clock_of("callback", "callback")
    assert (clock.calendar, clock.due_at) == ("wall", after(minutes=25))


def test_a_return_call_in_a_year_without_official_holidays_is_provisional(book: Book, story: Story) -> None:
    """R-SLA-13."""
    at = local("2027-03-01 10:00")
    book.apply(story.opened(at), story.return_call(at, local("2027-03-01 10:10")))
    assert book.clock_of("callback", "callback").provisional


def test_a_return_call_says_nothing_of_the_callback_after_the_result(book: Book, story: Story) -> None:
    """R-IN-10, R-SLA-05."""
    book.apply(story.opened(MONDAY), story.return_call(MONDAY, after(3)), story.signed(after(minutes=20)))
    book.apply(story.called(after(minutes=25), "no_answer", kind="return_call", callback_id="r1"))
    assert book.clock_of("callback", "workorder").state == "running"
    assert book.clock_of("callback", "callback").state == "met"


def test_a_return_call_stands_not_still_while_the_customer_is_awaited(book: Book, story: Story) -> None:
    """R-SLA-08: a pause stops the clocks of the work order; the call is what the customer waits for."""
    book.apply(
        story.opened(MONDAY),
        story.return_call(MONDAY, after(minutes=10)),
        story.step(WorkorderPaused, after(minutes=5)),
    )
    assert book.clock_of("callback", "callback").state == "running"


@pytest.mark.parametrize("how", ["withdrawn", "cancelled", "closed"])
def test_a_call_that_nobody_makes_any_more_is_not_late(book: Book, story: Story, how: str) -> None:
    """R-IN-10, R-FB-01."""
    given = story.return_call(MONDAY, after(minutes=10))
    book.apply(story.opened(MONDAY), given)
    at = after(minutes=5)
    told: dict[str, Callable[[], Event]] = {
        "withdrawn": lambda: CallbackWithdrawn(
            **given.model_dump(exclude={"script", "assignee", "at", "schema_"}), at=at
        ),
        "cancelled": lambda: story.step(WorkorderCancelled, at),
        "closed": lambda: story.step(WorkorderClosed, at, outcome="pending"),
    }
    book.apply(told[how]())
    assert book.clock_of("callback", "callback").state == "cancelled"


def test_a_supervisors_contact_that_was_withdrawn_is_not_late(book: Book, story: Story) -> None:
    """R-SLA-06, R-FB-01."""
    book.apply(story.opened(MONDAY), story.signed(after(0.1)), story.called(after(0.2), second_contact=True, score=3))
    about = {"callback_id": "s1", "work_order_id": "w1", "number": "XR1", "cycle": 1, "department": "market"}
    book.apply(CallbackWithdrawn(**about, kind="supervisor_contact", due_at=after(48), at=after(1)))
    assert book.verbs("supervisor_contact") == ["cancelled"]


def test_the_end_of_a_call_may_overtake_its_beginning(book: Book, story: Story) -> None:
    """R-IN-10, R-SLA-09."""
    book.apply(story.opened(MONDAY), story.called(after(minutes=2), kind="return_call", callback_id="r1"))
    book.apply(story.return_call(MONDAY, after(minutes=10)))
    assert book.clock_of("callback", "callback").state == "met"


def test_a_call_may_overtake_the_work_order(book: Book, story: Story) -> None:
    """R-IN-10."""
    book.apply(story.return_call(MONDAY, after(minutes=10)), story.opened(MONDAY))
    assert book.clock_of("callback", "callback").state == "running"
    assert book.clock("first_response").state == "running"


def test_a_bad_score_of_a_survey_makes_the_supervisor_call(book: Book, story: Story) -> None:
    """R-SLA-06, R-FB-02."""
    book.apply(story.opened(MONDAY), story.signed(after(minutes=5)))
    book.apply(
        story.called(after(30), "no_answer"), story.called(after(50), kind="survey", second_contact=True, score=3)
    )
    assert book.clock("supervisor_contact").due_at == after(98)


# What a pause and an end do to them (R-SLA-08, R-RT-06)
