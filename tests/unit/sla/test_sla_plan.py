"""Which clocks an event starts, meets, pauses and voids (handbook, section 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.events import (
    SlaBreached,
    SlaCancelled,
    SlaEscalated,
    SlaMet,
    SlaStarted,
    WorkorderAssigned,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderCollaborated,
    WorkorderConfirmed,
    WorkorderPaused,
    WorkorderPromised,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResumed,
    WorkorderTransferred,
)
from shared.policy import Policy
from tests.unit.sla.story import MONDAY, Book, Story, after, local


def approved(book: Book, story: Story) -> None:
    """Open, resolve and sign a complaint by 10:20."""
    book.apply(
        story.opened(MONDAY),
        story.step(WorkorderResolved, after(minutes=10), outcome="resolved"),
        story.signed(after(minutes=20)),
    )


def test_a_contact_is_late_from_when_the_customer_wrote(book: Book, story: Story) -> None:
    """Handbook, section 4: clocks start at `occurred_at`, not at processing time."""
    told = book.apply(story.opened(MONDAY, "after_sales", opened_at=after(hours=2)))
    started = {event.metric: event for event in told if isinstance(event, SlaStarted)}
    assert set(started) == {"first_response", "department_response", "resolution", "progress_update"}
    assert {event.started_at for event in started.values()} == {MONDAY}
    assert (started["resolution"].calendar, started["resolution"].target_seconds) == ("office", 480 * 60)
    assert (started["progress_update"].calendar, started["progress_update"].due_at) == ("wall", after(hours=24))
    assert book.clock("first_response").state == "running"  # the watch judges it, once the queue is empty


def test_a_deadline_in_a_year_without_official_holidays_is_provisional(book: Book, story: Story) -> None:
    """R-SLA-13."""
    book.apply(story.opened(local("2026-12-31 16:50"), grade="complex"))
    assert book.clock("first_response").provisional
    assert not book.clock("progress_update").provisional


def test_the_first_response_is_a_persons(book: Book, story: Story) -> None:
    """R-SLA-01: an automatic notice does not count, nor does the message of acceptance."""
    book.apply(story.opened(MONDAY), story.notified(after(minutes=1), "accepted"))
    book.apply(story.step(type(story.responded(MONDAY)), after(minutes=2), by="system", by_department="service"))
    assert book.clock("first_response").state == "running"
    book.apply(story.responded(after(minutes=30), by_department="service"))
    assert book.verbs("first_response") == ["met"]


@pytest.mark.parametrize(
    ("by", "audience", "state"),
    [
        ("logistics", "staff", "running"),  # a colleague's note to colleagues answers nobody
        ("service", "staff", "running"),
        ("service", "customer", "met"),
        ("logistics", "customer", "met"),
        ("market", "staff", "met"),  # the department first responds
    ],
)
def test_a_note_among_colleagues_answers_nobody(book: Book, story: Story, by: str, audience: str, state: str) -> None:
    """R-SLA-01: a person answers the customer, or the owning department responds."""
    book.apply(story.opened(MONDAY), story.responded(after(minutes=5), by_department=by, audience=audience))
    assert book.clock("first_response").state == state


def test_the_department_response_is_the_owning_departments(book: Book, story: Story) -> None:
    """R-SLA-02."""
    book.apply(story.opened(MONDAY, "after_sales"), story.responded(after(minutes=5), by_department="service"))
    assert book.clock("department_response").state == "running"
    book.apply(story.responded(after(minutes=6), by_department="market", audience="staff"))
    assert book.verbs("department_response") == ["met"]


def test_the_result_meets_what_waits_for_the_department(book: Book, story: Story) -> None:
    """R-SLA-02; on the very second of the due time it is in time."""
    book.apply(story.opened(MONDAY, "after_sales"))
    told = book.apply(story.step(WorkorderResolved, after(minutes=30), outcome="resolved"))
    assert {e.metric for e in told if isinstance(e, SlaMet)} == {"first_response", "department_response", "resolution"}


@pytest.mark.parametrize(("category", "minutes"), [("product_inquiry", 60), ("complaint", 10), ("staff_complaint", 10)])
def test_the_customer_is_told_within_the_time_of_the_category(
    policy: Policy, story: Story, category: str, minutes: int
) -> None:
    """R-SLA-03, R-SLA-05: from the signature on."""
    book = Book(policy)
    book.apply(story.opened(MONDAY, category), story.signed(after(minutes=20)))
    assert book.clock("customer_reply").due_at == after(minutes=20 + minutes)
    callback = after(minutes=30) if minutes == 10 else after(hours=24, minutes=20)
    assert book.clock("callback").due_at == callback


def test_what_needs_a_confirmation_starts_the_reply_there(book: Book, story: Story) -> None:
    """R-SLA-03."""
    story.department = "network"
    cut = local("2026-11-23 16:00")
    book.apply(story.opened(MONDAY, "info_change", cutoff_at=cut))
    assert book.clock("resolution").due_at == cut + timedelta(hours=24)
    book.apply(story.signed(after(hours=1), confirmation_required=True))
    assert ("customer_reply", 1) not in book.metrics()
    book.apply(story.step(WorkorderConfirmed, after(hours=1.5)))
    assert book.clock("customer_reply").due_at == after(hours=2.5)


@pytest.mark.parametrize("how", ["responded", "notified", "called"])
def test_the_reply_is_met_by_whatever_tells_the_customer_the_result(book: Book, story: Story, how: str) -> None:
    """R-SLA-03."""
    approved(book, story)
    at = after(minutes=25)
    events = {"responded": story.responded(at), "notified": story.notified(at, "result"), "called": story.called(at)}
    book.apply(events[how])
    assert book.verbs("customer_reply") == ["met"]
    assert book.verbs("callback") == (["met"] if how == "called" else [])


def test_what_overtakes_the_signature_counts_when_it_comes(book: Book, story: Story) -> None:
    """R-SLA-03, R-SLA-05: another replica may apply notify's or feedback's event before the signature."""
    book.apply(story.opened(MONDAY), story.notified(after(minutes=21), "result"), story.called(after(minutes=22)))
    book.apply(story.signed(after(minutes=20)), now=after(minutes=30))
    assert (book.verbs("customer_reply"), book.verbs("callback")) == (["met"], ["met"])


def test_what_overtakes_the_opening_counts_when_it_comes(book: Book, story: Story) -> None:
    """R-SLA-04."""
    book.apply(story.notified(after(hours=1)))
    book.apply(story.opened(MONDAY), now=after(hours=1))
    assert book.clock("progress_update", 2).due_at == after(hours=25)


def test_an_earlier_message_says_nothing_about_a_later_result(book: Book, story: Story) -> None:
    """R-SLA-03."""
    book.apply(story.opened(MONDAY), story.responded(after(minutes=5)), story.signed(after(minutes=20)))
    assert book.clock("customer_reply").state == "running"


def test_each_message_starts_the_next_progress_clock(book: Book, story: Story) -> None:
    """R-SLA-04: every 24 hours, from the last message on."""
    book.apply(story.opened(MONDAY), story.notified(after(hours=1), "accepted"), story.notified(after(hours=2)))
    book.apply(story.notified(after(hours=3), "progress", "staff"))
    assert book.verbs("progress_update") == ["met"]
    assert book.clock("progress_update", 2).due_at == after(hours=26)
    book.apply(story.responded(after(hours=27)))
    assert book.verbs("progress_update", 2) == ["breached", "escalated"]
    assert book.clock("progress_update", 3).due_at == after(hours=51)


def test_a_low_score_makes_the_supervisor_call(book: Book, story: Story) -> None:
    """R-SLA-06: within 48 hours, also though the work order is closed."""
    approved(book, story)
    book.apply(
        story.called(after(hours=1), second_contact=True),
        story.step(WorkorderClosed, after(hours=1), outcome="resolved"),
    )
    assert book.clock("supervisor_contact").due_at == after(hours=49)
    book.apply(story.called(after(hours=49), kind="supervisor_contact"))
    assert book.verbs("supervisor_contact") == ["met"]


def test_a_promise_is_due_at_the_very_time(book: Book, story: Story) -> None:
    """R-RT-10: kept by a word to the customer, before half its time not by an automatic one; several stand side by side."""
    book.apply(story.opened(MONDAY))
    book.apply(story.step(WorkorderPromised, after(hours=1), promised_at=after(hours=30)))
    book.apply(story.step(WorkorderPromised, after(hours=1), promised_at=after(hours=2)))
    assert (book.clock("promise").due_at, book.clock("promise", 2).due_at) == (after(hours=30), after(hours=2))
    book.apply(story.notified(after(hours=1.4)))
    assert book.clock("promise", 2).state == "running"
    book.apply(story.responded(after(hours=2.5)))
    assert book.verbs("promise") == ["met"]
    assert book.verbs("promise", 2) == ["breached", "escalated"]


def test_a_collaboration_is_the_other_departments(book: Book, story: Story) -> None:
    """R-RT-09: it stays with those who were asked, wherever the work order goes."""
    asked = {"collaboration_id": "w1.2", "with_department": "technical", "deliverable": "Befund"}
    book.apply(story.opened(MONDAY), story.step(WorkorderCollaborated, after(hours=1), due_at=after(hours=3), **asked))
    story.department = "network"
    book.apply(story.step(WorkorderTransferred, after(hours=2), from_department="market"))
    assert book.clock("collaboration").department == "technical"
    assert book.clock("resolution").department == "network"
    told = [event for event in book.watch(after(hours=3, minutes=1)) if event.metric == "collaboration"]
    assert [(type(event), event.department) for event in told] == [
        (SlaBreached, "technical"),
        (SlaEscalated, "technical"),
    ]


def test_a_pause_stops_every_clock_but_progress_and_promise(book: Book, story: Story) -> None:
    """R-SLA-08."""
    book.apply(story.opened(MONDAY, "after_sales"))
    book.apply(story.step(WorkorderPromised, after(minutes=1), promised_at=after(hours=2)))
    book.apply(story.step(WorkorderPaused, after(minutes=10)))
    states = {clock.metric: clock.state for clock in book.clocks.clocks.values()}
    paused = {"first_response", "department_response", "resolution"}
    assert states == {**dict.fromkeys(paused, "paused"), "progress_update": "running", "promise": "running"}
    assert all(e.metric in {"promise", "progress_update"} for e in book.watch(after(hours=30)))
    book.apply(story.step(WorkorderResumed, after(hours=48)))
    assert book.clock("first_response").due_at == after(hours=48, minutes=20)


def test_a_pause_after_the_due_time_comes_too_late(book: Book, story: Story) -> None:
    """R-SLA-09: the clock was breached by then, and its ladder goes on."""
    book.apply(story.opened(MONDAY))
    book.apply(story.step(WorkorderPaused, after(minutes=31)), now=after(hours=5))
    assert book.verbs("first_response") == ["breached", "escalated"]
    assert book.verbs("resolution") == ["paused"]


def test_an_answer_while_paused_is_in_time(book: Book, story: Story) -> None:
    book.apply(story.opened(MONDAY), story.step(WorkorderPaused, after(minutes=29)), story.responded(after(hours=9)))
    assert book.verbs("first_response") == ["paused", "met"]


def test_a_cancelled_work_order_voids_what_still_runs(book: Book, story: Story) -> None:
    book.apply(story.opened(MONDAY), story.responded(after(minutes=5)))
    told = book.apply(story.step(WorkorderCancelled, after(minutes=10)))
    assert {(e.metric, type(e)) for e in told} == {("resolution", SlaCancelled), ("progress_update", SlaCancelled)}
    assert book.watch(after(hours=99)) == []
    assert book.apply(story.notified(after(hours=1))) == []


def test_closing_ends_the_progress_reports_and_the_ladder(book: Book, story: Story) -> None:
    approved(book, story)
    book.apply(story.called(after(hours=1)), story.step(WorkorderClosed, after(hours=1), outcome="resolved"))
    assert book.verbs("callback") == ["breached", "escalated"]
    assert book.verbs("progress_update") == ["met"]  # the callback told the result, and no other clock began
    assert book.watch(after(hours=99)) == []


def test_a_customer_who_was_never_reached_leaves_no_clock_behind(book: Book, story: Story) -> None:
    """R-FB-01: after the last attempt nobody is late with telling any more; the reply that was late stays late."""
    approved(book, story)
    book.watch(after(minutes=31))
    assert book.verbs("customer_reply") == ["breached", "escalated"]
    book.apply(
        story.called(after(hours=30), "no_answer"), story.step(WorkorderClosed, after(hours=30), outcome="pending")
    )
    assert not [clock for clock in book.clocks.clocks.values() if clock.live]


def test_reopening_starts_a_new_cycle_and_leaves_the_old_one_alone(book: Book, story: Story) -> None:
    """R-SLA-11."""
    approved(book, story)
    before = book.verbs("first_response"), book.verbs("resolution")
    book.apply(story.called(after(minutes=25), reopen=True))
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(minutes=25), category="complaint", grade="normal"))
    assert book.clock("resolution", 2).started_at == after(minutes=25)
    assert book.clock("first_response", 2).due_at == after(minutes=55)
    assert (book.verbs("first_response"), book.verbs("resolution")) == before
    book.apply(story.step(WorkorderResolved, after(minutes=40), outcome="resolved"), story.signed(after(minutes=41)))
    assert book.verbs("resolution", 2) == ["met"]
    assert book.clock("callback", 2).state == "running"


def test_reopening_on_a_persons_word_voids_the_callback_that_nobody_makes(book: Book, story: Story) -> None:
    """R-SLA-11."""
    approved(book, story)
    story.cycle = 2
    book.apply(story.step(WorkorderReopened, after(minutes=25), category="complaint", grade="normal"))
    assert (book.verbs("callback"), book.verbs("customer_reply")) == (["cancelled"], ["cancelled"])
    assert book.clock("progress_update").state == "running"


def test_a_decision_of_triage_changes_only_what_has_another_target(book: Book, story: Story) -> None:
    """R-RT-01: with the same start; the pauses so far are left out again (R-SLA-08)."""
    story.department = "service"
    book.apply(story.opened(MONDAY, "general", "normal"))
    first = book.clock("first_response").id
    book.apply(story.step(WorkorderPaused, after(minutes=5)), story.step(WorkorderResumed, after(minutes=15)))
    story.department = "market"
    book.apply(
        story.step(WorkorderClassified, after(minutes=20), category="after_sales", grade="normal", occurred_at=MONDAY)
    )
    assert book.clock("first_response").id == first
    assert book.clock("first_response").department == "market"
    assert book.clock("department_response").due_at == after(hours=1, minutes=10)
    resolution = book.clock("resolution")
    assert (resolution.started_at, resolution.calendar) == (MONDAY, "office")
    assert resolution.due_at == after(hours=24, minutes=10)  # one office day and the pause
    assert book.verbs("resolution") == ["paused", "resumed", "cancelled", "paused", "resumed"]
    assert book.metrics() == {
        (m, 1) for m in ("first_response", "department_response", "resolution", "progress_update")
    }


def test_the_grade_goes_with_the_clocks(book: Book, story: Story) -> None:
    """R-OB-03: the breach of an urgent work order can be told apart, also where triage found it urgent."""
    book.apply(story.opened(MONDAY, "general", "normal"))
    urgent = {"category": "general", "grade": "urgent", "occurred_at": MONDAY}
    book.apply(story.step(WorkorderClassified, after(minutes=5), **urgent))
    told = book.watch(after(minutes=11))
    assert [(event.metric, event.grade) for event in told if isinstance(event, SlaBreached)] == [
        ("first_response", "urgent")
    ]
    assert {clock.grade for clock in book.clocks.clocks.values() if clock.live} == {"urgent"}


def test_what_was_met_or_missed_before_triage_stays(book: Book, story: Story) -> None:
    """R-SLA-09: one verdict per clock and cycle."""
    book.apply(story.opened(MONDAY, "complaint", "normal"), story.responded(after(minutes=5)))
    reclassified = {"category": "membership", "grade": "complex", "occurred_at": MONDAY}
    book.apply(story.step(WorkorderClassified, after(hours=2.5), **reclassified))
    assert book.verbs("first_response") == ["met"]
    assert book.verbs("resolution") == ["breached", "escalated"]


def test_a_transfer_moves_the_clocks_but_not_what_was_missed_before(book: Book, story: Story) -> None:
    book.apply(story.opened(MONDAY))
    story.department = "network"
    told = book.apply(story.step(WorkorderTransferred, after(minutes=40), from_department="market"))
    assert [(e.metric, e.department) for e in told] == [("first_response", "market")] * 2
    assert {clock.department for clock in book.clocks.clocks.values()} == {"network"}
    later = [e for e in book.watch(after(hours=1.6)) if isinstance(e, SlaEscalated)]
    assert [(e.metric, e.step, e.department) for e in later] == [("first_response", "head", "network")]


def test_steps_that_mean_nothing_to_a_clock_change_nothing(book: Book, story: Story) -> None:
    book.apply(story.opened(MONDAY))
    before = dict(book.clocks.clocks)
    assert book.apply(story.step(WorkorderAssigned, after(hours=3), assignee="market-1")) == []
    assert book.clocks.clocks == before
