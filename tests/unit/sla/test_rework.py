"""A result that the supervisor returns: its clock stays met, and its deadline runs on as a clock of its own (ADR 0013)."""

from __future__ import annotations

from datetime import datetime

import pytest

from shared.events import (
    SlaBreached,
    SlaStarted,
    SlaWarned,
    WorkorderClassified,
    WorkorderPaused,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResumed,
    WorkorderReturned,
    WorkorderStep,
    WorkorderTransferred,
)
from shared.policy import load_policy
from tests.unit.sla.story import MONDAY, Book, Story, after, local

POLICY = load_policy(None)


def result(story: Story, at: datetime) -> WorkorderStep:
    return story.step(WorkorderResolved, at, outcome="resolved")


def returned(story: Story, at: datetime) -> WorkorderStep:
    return story.step(WorkorderReturned, at, reason="没有解决")


@pytest.fixture
def book(story: Story) -> Book:
    """A complaint (2 office hours for the result), whose first result came after 30 minutes and was returned after 40."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY), result(story, after(minutes=30)), returned(story, after(minutes=40)))
    return book


def test_the_deadline_runs_on_for_the_customer_who_still_waits(book: Book) -> None:
    """R-SLA-02, R-SLA-09: the clock that was met stays met, once; another one has its due time."""
    assert book.verbs("resolution") == ["met"]
    clock = book.clock("rework")
    assert (clock.started_at, clock.due_at, clock.state) == (MONDAY, after(2), "running")
    (started,) = [event for event in book.told if isinstance(event, SlaStarted) and event.metric == "rework"]
    assert (started.target_seconds, started.calendar) == (7200, "office")
    book.watch(after(2, 1))
    assert book.verbs("rework") == ["breached", "escalated"]


def test_the_next_result_in_time_meets_it(book: Book, story: Story) -> None:
    """R-SLA-02."""
    book.apply(result(story, after(2)))
    assert book.verbs("rework") == ["met"]


def test_a_result_returned_again_runs_on_again(book: Book, story: Story) -> None:
    """R-SLA-09: each return has a clock of its own."""
    book.apply(result(story, after(1)), returned(story, after(1.1)), result(story, after(2.1)))
    assert (book.verbs("rework"), book.verbs("rework", 2)) == (["met"], ["breached", "escalated"])


def test_a_return_after_the_due_time_is_overdue_at_once_without_warnings(story: Story) -> None:
    """R-SLA-09: as a contact that arrives overdue; the supervisor took the time that the customer waited."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY), result(story, after(1)))
    book.apply(returned(story, after(3)))
    told = [event for event in book.watch(after(3, 0.1)) if event.metric == "rework"]
    assert [type(event) for event in told][:1] == [SlaBreached]
    assert isinstance(told[0], SlaBreached)
    assert (told[0].late_seconds, told[0].detection_seconds) == (3606.0, 6.0)  # R-SLA-14


def test_warnings_given_already_are_not_repeated(story: Story) -> None:
    """R-SLA-09: the 50 % of the first result's clock; the 80 % comes at its time."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY))
    book.watch(after(1))
    book.apply(result(story, after(1.1)), returned(story, after(1.2)))
    assert [event for event in book.watch(after(1.3)) if event.metric == "rework"] == []
    (warned,) = [event for event in book.watch(after(1.6)) if event.metric == "rework"]
    assert isinstance(warned, SlaWarned)
    assert (warned.percent, warned.late_seconds) == (80, 0.0)


def test_a_late_result_that_is_returned_escalates_again(story: Story) -> None:
    """R-SLA-10: the matter is open and overdue; the first breach stays one."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY), result(story, after(3)), returned(story, after(3.1)))
    book.watch(after(4.6))
    assert book.verbs("resolution") == ["breached", "escalated"]
    assert book.verbs("rework") == ["breached", "escalated", "escalated"]


def test_it_stands_still_while_the_customer_is_awaited(book: Book, story: Story) -> None:
    """R-SLA-08."""
    book.apply(story.step(WorkorderPaused, after(1)), story.step(WorkorderResumed, after(3)))
    assert book.clock("rework").due_at == after(4)
    book.apply(result(story, after(3.5)), returned(story, after(3.6)))
    assert book.clock("rework", 2).due_at == after(4)


def test_it_goes_with_the_work_order(book: Book, story: Story) -> None:
    """R-RT-06."""
    story.department = "network"
    book.apply(story.step(WorkorderTransferred, after(1), from_department="market"))
    assert book.clock("rework").department == "network"


def test_a_new_cycle_has_its_own(book: Book, story: Story) -> None:
    """R-SLA-11: the earlier rework is void, and a return in the new cycle runs on from the new result's clock."""
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(1), category="complaint", grade="normal"))
    assert book.verbs("rework") == ["cancelled"]
    book.apply(result(story, after(1.5)), returned(story, after(1.6)))
    assert book.clock("rework", 2).due_at == after(3)


def test_another_category_changes_its_target(book: Book, story: Story) -> None:
    """R-RT-01: from the same start."""
    book.apply(story.step(WorkorderClassified, after(1), category="after_sales", grade="normal", occurred_at=MONDAY))
    assert book.verbs("rework") == ["cancelled"]
    assert book.clock("rework", 2).due_at == local("2026-11-24 10:00")


def test_what_has_no_deadline_for_its_result_has_none_for_its_rework(story: Story) -> None:
    """Handbook, section 4: what we planned ourselves."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY, "care"), result(story, after(1)), returned(story, after(2)))
    assert book.clocks.clocks == {}
