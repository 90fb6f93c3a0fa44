"""The clocks beside the main line: register, help, promises, progress, hand-over, return calls (R-SLA-07)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.events import (
    Event,
    SlaBreached,
    SlaWarned,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderCollaborated,
    WorkorderDelivered,
    WorkorderHandedOver,
    WorkorderMerged,
    WorkorderPaused,
    WorkorderPromised,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResumed,
    WorkorderSupplemented,
    WorkorderTransferred,
)
from tests.unit.sla.story import MONDAY, Book, Story, after, local

CUT = local("2026-11-23 16:00")


def collaborated(story: Story, at: datetime, due_at: datetime, name: str = "w1.2") -> WorkorderCollaborated:
    asked = {"collaboration_id": name, "with_department": "technical", "deliverable": "检测报告"}
    return story.step(WorkorderCollaborated, at, due_at=due_at, **asked)


def delivered(story: Story, at: datetime, name: str = "w1.2", *, declined: bool = False) -> WorkorderDelivered:
    about = {"collaboration_id": name, "by_department": "technical"}
    return story.step(WorkorderDelivered, at, declined=declined, **about)


# The register (R-IN-07)


def test_an_incomplete_register_runs_from_the_end_of_the_conversation(book: Book, story: Story) -> None:
    """R-IN-07, R-SLA-07: 30 minutes, also at night."""
    ended = after(minutes=8)
    book.apply(story.opened(MONDAY, missing_fields=("customer_phone",), conversation_ended_at=ended))
    assert book.clock("record_entry").due_at == after(minutes=38)
    assert book.clock("record_entry").calendar == "wall"
    book.apply(story.step(WorkorderSupplemented, after(minutes=20), fields=("x",), missing_fields=("customer_phone",)))
    assert book.clock("record_entry").state == "running"
    book.apply(story.step(WorkorderSupplemented, after(minutes=38), fields=("customer_phone",), missing_fields=()))
    assert book.verbs("record_entry") == ["met"]


def test_without_an_end_of_the_conversation_it_is_when_the_customer_wrote(book: Book, story: Story) -> None:
    """R-IN-07."""
    book.apply(story.opened(MONDAY, missing_fields=("reason",), opened_at=after(minutes=3)))
    assert book.clock("record_entry").due_at == after(minutes=30)


def test_a_complete_register_needs_no_clock(book: Book, story: Story) -> None:
    """R-IN-07."""
    book.apply(story.opened(MONDAY))
    assert "record_entry" not in {metric for metric, _ in book.metrics()}


def test_a_register_completed_late_is_a_breach_though_the_work_order_goes_on(book: Book, story: Story) -> None:
    """R-IN-07, R-SLA-09."""
    book.apply(story.opened(MONDAY, missing_fields=("reason",)))
    book.apply(story.step(WorkorderSupplemented, after(minutes=31), fields=("reason",), missing_fields=()))
    assert book.verbs("record_entry") == ["breached", "escalated"]


def test_what_another_category_asks_for_could_not_be_registered_before(book: Book, story: Story) -> None:
    """R-IN-07: it is due 30 minutes after the decision of triage; a category that misses nothing ends the clock."""
    decided = {"grade": "normal", "occurred_at": MONDAY}
    book.apply(story.opened(MONDAY, "general"))
    book.apply(story.step(WorkorderClassified, after(1), category="after_sales", missing_fields=("demand",), **decided))
    assert book.clock("record_entry").due_at == after(1.5)
    book.apply(story.step(WorkorderClassified, after(1.2), category="general", missing_fields=(), **decided))
    assert book.verbs("record_entry") == ["met"]


# Help (R-RT-09)


def test_several_collaborations_end_each_by_its_own_deliverable(book: Book, story: Story) -> None:
    """R-RT-09: each has its own clock, told apart by `about`."""
    book.apply(
        story.opened(MONDAY),
        collaborated(story, after(0.1), after(3)),
        collaborated(story, after(0.2), after(2), "w1.3"),
    )
    assert [book.clock("collaboration", n).about for n in (1, 2)] == ["w1.2", "w1.3"]
    book.apply(delivered(story, after(1.5), "w1.3"))
    assert (book.verbs("collaboration"), book.verbs("collaboration", 2)) == ([], ["met"])
    book.apply(delivered(story, after(3.1)))
    assert book.verbs("collaboration") == ["breached", "escalated"]


def test_what_is_declined_is_awaited_no_longer_and_no_success(book: Book, story: Story) -> None:
    """R-RT-09."""
    book.apply(story.opened(MONDAY), collaborated(story, after(1), after(3)), delivered(story, after(2), declined=True))
    assert book.verbs("collaboration") == ["cancelled"]


@pytest.mark.parametrize("how", ["collaborated", "transferred"])
def test_a_complex_matter_starts_its_collaboration_within_two_office_hours(book: Book, story: Story, how: str) -> None:
    """R-RT-09."""
    book.apply(story.opened(MONDAY, "membership", "complex"))
    assert book.clock("collaboration_start").due_at == after(2)
    if how == "collaborated":
        book.apply(collaborated(story, after(1), after(3)))
    else:
        story.department = "network"
        book.apply(story.step(WorkorderTransferred, after(1), from_department="market"))
    told = [event for event in book.told if event.metric == "collaboration_start"][-1]
    assert (told.TYPE, told.department) == ("yingda.sla.met.v1", "market")


def test_a_matter_that_was_settled_without_help_needed_none(book: Book, story: Story) -> None:
    """R-RT-09."""
    book.apply(story.opened(MONDAY, grade="complex"), story.step(WorkorderResolved, after(1), outcome="resolved"))
    assert book.verbs("collaboration_start") == ["cancelled"]


def test_only_complex_matters_need_help(book: Book, story: Story) -> None:
    """R-RT-09."""
    book.apply(story.opened(MONDAY, grade="normal"))
    assert ("collaboration_start", 1) not in book.metrics()


def test_a_new_cycle_does_not_ask_again_for_help_that_is_under_way(book: Book, story: Story) -> None:
    """R-RT-09, R-SLA-11."""
    book.apply(story.opened(MONDAY, grade="complex"), collaborated(story, after(1), after(30)))
    book.apply(story.step(WorkorderResolved, after(2), outcome="resolved"), story.signed(after(2.1)))
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(3), category="complaint", grade="complex"))
    assert ("collaboration_start", 2) not in book.metrics()
    assert book.clock("collaboration").state == "running"
    book.apply(delivered(story, after(3.5)), story.step(WorkorderCancelled, after(4)))
    assert book.verbs("collaboration") == ["met"]


# What was promised to the customer: R-RT-10


def test_an_automatic_word_keeps_a_promise_once_its_time_comes_near(book: Book, story: Story) -> None:
    """R-RT-10: the customer is contacted by then even without progress; a message long before was about something else."""
    book.apply(story.opened(MONDAY), story.step(WorkorderPromised, MONDAY, promised_at=after(10)))
    book.apply(story.notified(after(4.9)))
    assert book.clock("promise").state == "running"
    assert "warned" in [e.TYPE.split(".")[2] for e in book.watch(after(5)) if e.metric == "promise"]
    book.apply(story.notified(after(5.1)))
    assert book.verbs("promise") == ["warned", "met"]


def test_the_result_keeps_a_promise_whenever_it_comes(book: Book, story: Story) -> None:
    """R-RT-10, R-SLA-07: whoever has been told the result has been contacted; other notices are about something else."""
    book.apply(story.opened(MONDAY), story.step(WorkorderPromised, MONDAY, promised_at=after(10)))
    book.apply(story.notified(after(1)), story.signed(after(2)))
    assert book.clock("promise").state == "running"
    book.apply(story.notified(after(2.1), "result"))
    assert book.verbs("promise") == ["met"]


def test_promises_outlive_the_cycle_and_end_with_the_work_order(book: Book, story: Story) -> None:
    """R-RT-10, R-SLA-11."""
    book.apply(story.opened(MONDAY), story.step(WorkorderPromised, MONDAY, promised_at=after(40)))
    book.apply(story.step(WorkorderResolved, after(0.5), outcome="resolved"), story.signed(after(0.6)))
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(1), category="complaint", grade="normal"))
    assert book.clock("promise").state == "running"
    book.apply(story.step(WorkorderClosed, after(2), outcome="resolved"))
    assert book.verbs("promise") == ["cancelled"]


# Progress that is passed on at once (section 3, project_matching)


def test_every_progress_of_the_department_is_passed_on_within_ten_office_minutes(book: Book, story: Story) -> None:
    """Handbook, section 3: project_matching."""
    book.apply(story.opened(MONDAY, "project_matching"), story.responded(after(1), audience="staff"))
    assert book.clock("progress_relay").due_at == after(1, 10)
    book.apply(story.responded(after(1, 5), audience="staff"), story.notified(after(1, 8)))
    assert book.verbs("progress_relay") == ["met"]
    book.apply(story.responded(after(2), audience="staff"), story.responded(after(2, 11), by_department="service"))
    assert book.verbs("progress_relay", 2) == ["breached", "escalated"]


@pytest.mark.parametrize("how", ["to the customer", "another category", "another department"])
def test_what_is_no_news_of_the_department_needs_no_relay(book: Book, story: Story, how: str) -> None:
    """Handbook, section 3: project_matching."""
    category = "complaint" if how == "another category" else "project_matching"
    by_department = "technical" if how == "another department" else "market"
    audience = "customer" if how == "to the customer" else "staff"
    book.apply(
        story.opened(MONDAY, category), story.responded(after(1), by_department=by_department, audience=audience)
    )
    assert "progress_relay" not in {metric for metric, _ in book.metrics()}


# The hand-over of the day (R-RT-03)


def handed_over(at: datetime = CUT) -> WorkorderHandedOver:
    return WorkorderHandedOver(department="network", cutoff_at=at, work_order_ids=("w1",))


@pytest.fixture
def waiting(book: Book, story: Story) -> Book:
    story.department = "network"
    book.apply(story.opened(MONDAY, "info_change", cutoff_at=CUT))
    return book


def test_the_batch_is_handed_over_at_the_cut_off(waiting: Book) -> None:
    """R-SLA-07, R-RT-03: at 16:00 means in that minute; nobody is warned of what the machine does by itself."""
    assert waiting.clock("cutoff").due_at == CUT
    assert [event for event in waiting.watch(CUT + timedelta(seconds=59)) if event.metric == "cutoff"] == []
    waiting.clocks.apply(handed_over(), CUT, sent_at=CUT + timedelta(seconds=59))
    assert waiting.clock("cutoff").state == "met"


@pytest.mark.parametrize("watched", [True, False])
def test_a_batch_that_is_not_handed_over_is_a_breach(waiting: Book, watched: bool) -> None:
    """R-SLA-09: found by the watch after the minute, or by the hand-over itself."""
    late = CUT + timedelta(minutes=1, seconds=2)
    told = list(waiting.watch(late)) if watched else []
    told += (
        waiting.apply(handed_over(), now=late) if watched else waiting.clocks.apply(handed_over(), late, sent_at=late)
    )
    (breached,) = [e for e in told if e.metric == "cutoff" and isinstance(e, SlaBreached)]
    assert (breached.late_seconds, breached.detection_seconds) == (62.0, 2.0)  # R-SLA-14
    assert not [e for e in told if e.metric == "cutoff" and isinstance(e, SlaWarned)]


@pytest.mark.parametrize("how", ["resolved", "another category", "cancelled", "merged"])
def test_what_no_longer_waits_for_the_batch_has_no_clock_for_it(waiting: Book, story: Story, how: str) -> None:
    """R-RT-03."""
    into = {"into_work_order_id": "w2", "into_number": "XR2"}
    events: dict[str, Callable[[], Event]] = {
        "resolved": lambda: story.step(WorkorderResolved, after(1), outcome="resolved"),
        "another category": lambda: story.step(
            WorkorderClassified, after(1), category="general", grade="normal", occurred_at=MONDAY
        ),
        "cancelled": lambda: story.step(WorkorderCancelled, after(1)),
        "merged": lambda: story.step(WorkorderMerged, after(1), **into),
    }
    waiting.apply(events[how]())
    assert waiting.verbs("cutoff") == ["cancelled"]


def test_a_hand_over_that_overtakes_the_opening_counts_when_it_comes(book: Book, story: Story) -> None:
    """R-RT-03: another replica may apply it first."""
    book.apply(handed_over())
    story.department = "network"
    book.apply(story.opened(MONDAY, "info_change", cutoff_at=CUT), now=after(7))
    assert book.verbs("cutoff") == ["met"]


# Return calls (R-IN-10)


def test_a_pause_stops_every_clock_but_progress_and_promise_to_the_letter(book: Book, story: Story) -> None:
    """R-SLA-08: the register, the collaboration and the hand-over stand still as well, and run on with what was left."""
    story.department = "network"
    book.apply(story.opened(MONDAY, "info_change", "complex", cutoff_at=CUT, missing_fields=("change",)))
    book.apply(collaborated(story, MONDAY, after(4)), story.step(WorkorderPromised, MONDAY, promised_at=after(9)))
    book.apply(story.step(WorkorderPaused, after(minutes=10)))
    running = {clock.metric for clock in book.clocks.clocks.values() if clock.state == "running"}
    assert running == {"progress_update", "promise"}
    book.apply(story.step(WorkorderResumed, after(1, 10)))
    due = {clock.metric: clock.due_at for clock in book.clocks.clocks.values() if clock.state == "running"}
    assert due["record_entry"] == after(1, 30)
    assert due["collaboration"] == after(5)
    assert due["cutoff"] == CUT + timedelta(hours=1)
    assert (due["promise"], due["progress_update"]) == (after(9), after(24))


def test_a_merged_work_order_leaves_nothing_running(book: Book, story: Story) -> None:
    """R-RT-06: the other work order has clocks of its own; a breach stays one."""
    book.apply(story.opened(MONDAY, "project_matching", "complex", missing_fields=("company",)))
    book.apply(
        collaborated(story, after(minutes=1), after(5)), story.step(WorkorderPromised, MONDAY, promised_at=after(9))
    )
    book.apply(story.responded(after(minutes=2), audience="staff"), story.return_call(after(minutes=3), after(8)))
    book.watch(after(minutes=31))
    book.apply(story.step(WorkorderMerged, after(minutes=32), into_work_order_id="w2", into_number="XR2"))
    assert not [clock for clock in book.clocks.clocks.values() if clock.live]
    assert book.verbs("record_entry")[-2:] == ["breached", "escalated"]
    assert book.clock("record_entry").state == "ended"
