"""The progress clock ends when the customer knows the result, and begins again with the next cycle (R-SLA-04)."""

from __future__ import annotations

from datetime import datetime

import pytest

from shared.events import (
    NotificationSent,
    WorkorderConfirmed,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderReturned,
    WorkorderStep,
)
from shared.policy import load_policy
from tests.unit.sla.story import MONDAY, Book, Story, after

POLICY = load_policy(None)


@pytest.fixture
def book(story: Story) -> Book:
    """A product inquiry, resolved after an hour and signed after two."""
    book = Book(POLICY)
    book.apply(
        story.opened(MONDAY, "product_inquiry"),
        story.step(WorkorderResolved, after(1), outcome="resolved"),
        story.signed(after(2)),
    )
    return book


def live(book: Book) -> list[int]:
    """The cycles of the progress clocks to which anything can still happen."""
    return [clock.cycle for clock in book.clocks.clocks.values() if clock.metric == "progress_update" and clock.live]


def telling(story: Story, how: str, at: datetime) -> NotificationSent | WorkorderStep:
    return story.notified(at, "result") if how == "notified" else story.responded(at)


@pytest.mark.parametrize("how", ["notified", "responded"])
def test_who_knows_the_result_waits_for_nothing_more(book: Book, story: Story, how: str) -> None:
    """R-SLA-04: met, and no callback later than 24 hours makes a breach of it."""
    book.apply(telling(story, how, after(2.1)))
    assert book.verbs("progress_update") == ["met"]
    assert live(book) == []
    book.apply(story.notified(after(3)), story.responded(after(4)))
    assert [event.metric for event in book.watch(after(99)) if event.metric == "progress_update"] == []


@pytest.mark.parametrize("how", ["notified", "responded"])
def test_who_was_told_too_late_is_a_breach_that_is_over(book: Book, story: Story, how: str) -> None:
    """R-SLA-04, R-SLA-09."""
    book.apply(telling(story, how, after(25)))
    assert book.verbs("progress_update") == ["breached", "escalated"]
    assert live(book) == []


def test_who_was_not_told_still_hears_something_every_day(book: Book, story: Story) -> None:
    """R-SLA-04: a message that is not the result starts the next clock also after the signature."""
    book.apply(story.notified(after(3)))
    assert live(book) == [2]


def test_an_answer_before_the_signature_is_not_the_result(story: Story) -> None:
    """R-SLA-04: nor is one that reaches us before the signature in the same batch."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY, "product_inquiry"), story.responded(after(1)), story.signed(after(2)))
    assert live(book) == [2]


def test_what_must_be_confirmed_is_no_result_before(story: Story) -> None:
    """R-SLA-04, R-SLA-03."""
    story.department = "network"
    book = Book(POLICY)
    book.apply(story.opened(MONDAY, "info_change", cutoff_at=after(6)))
    book.apply(story.signed(after(7), confirmation_required=True), story.responded(after(8)))
    assert live(book) == [2]
    book.apply(story.step(WorkorderConfirmed, after(9)), story.notified(after(9.1), "result"))
    assert book.verbs("progress_update", 2) == ["met"]
    assert live(book) == []


def test_the_result_that_overtakes_the_signature_ends_the_progress_reports(story: Story) -> None:
    """R-SLA-04: another replica may apply notify's event first."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY, "product_inquiry"), story.notified(after(2.1), "result"))
    assert live(book) == [2]
    book.apply(story.signed(after(2)), now=after(2.2))
    assert book.verbs("progress_update") == ["met"]
    assert book.verbs("progress_update", 2) == ["cancelled"]
    assert live(book) == []


def test_a_new_cycle_reports_its_progress_again(book: Book, story: Story) -> None:
    """R-SLA-04, R-SLA-11: until the customer knows its result, too."""
    book.apply(story.notified(after(2.1), "result"))
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(30), category="product_inquiry", grade="normal"))
    assert book.clock("progress_update", 2).due_at == after(54)
    book.apply(story.notified(after(31), "reopened"))
    assert live(book) == [3]
    book.apply(story.step(WorkorderResolved, after(32), outcome="resolved"), story.signed(after(33)))
    book.apply(story.notified(after(33.1), "result"))
    assert live(book) == []


def test_a_late_word_of_the_former_result_says_nothing_of_the_next(book: Book, story: Story) -> None:
    """R-SLA-04, R-SLA-11."""
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(3), category="product_inquiry", grade="normal"))
    book.apply(story.step(WorkorderResolved, after(4), outcome="resolved"), story.signed(after(5)))
    book.apply(story.notified(after(2.5), "result"))
    assert live(book) == [2]
    assert book.clock("progress_update", 2).due_at == after(26.5)


def test_a_result_that_is_returned_leaves_the_reports_running(story: Story) -> None:
    """R-SLA-04, R-RT-07: nobody was told, so the clock of the opening goes on."""
    book = Book(POLICY)
    book.apply(story.opened(MONDAY, "product_inquiry"), story.step(WorkorderResolved, after(1), outcome="resolved"))
    book.apply(story.step(WorkorderReturned, after(2)), story.responded(after(3)))
    assert live(book) == [2]


def test_a_word_that_was_sent_after_the_result_and_came_before_it_starts_nothing(book: Book, story: Story) -> None:
    """R-SLA-04: two replicas of notify may send and tell of the two in either order."""
    book.apply(story.notified(after(2.2)), story.notified(after(2.1), "result"))
    assert book.verbs("progress_update", 2) == ["cancelled"]
    assert live(book) == []
