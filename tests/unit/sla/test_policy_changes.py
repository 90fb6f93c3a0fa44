"""Which policy a clock lives by, and what moves it: newer holidays, and a rebase (R-SLA-12, R-SLA-13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sla.domain import steps
from services.sla.domain.clock import Clock, Decision
from services.sla.domain.pace import Pace
from services.sla.domain.policies import Policies
from services.sla.domain.rebase import rebase_work_order
from services.sla.domain.renew import Rebase, rebase, renew
from services.sla.domain.subject import Subject
from shared.events import (
    SlaBreached,
    SlaRescheduled,
    SlaWarned,
    WorkorderClassified,
    WorkorderPaused,
    WorkorderPromised,
    WorkorderResumed,
)
from shared.policy import Metric, Policy, load_policy
from shared.policy.earlier import earlier_policy
from tests.unit.sla.changes import calendar, changed
from tests.unit.sla.story import MONDAY, Book, Story, after, local

OLD = load_policy(None)


def published(*, make_up: str = "2027-01-02", closed: str = "2027-01-01..2027-01-03") -> Policy:
    """The policy with the official schedule of 2027: the New Year from the 1st to the 3rd, made up for on a Saturday."""
    holiday = {"name": {"zh": "元旦", "en": "New Year's Day"}, "days": closed}
    days = {"official": True, "holidays": [holiday], "make_up_days": [make_up] if make_up else []}
    return changed({"holidays.cn.years.2027": days})


NEW = published(make_up="2027-01-09")
SHORTER = changed(
    {"sla.customer_reply.complaint": "5m business", "categories.complaint.clocks.resolution": "1h business"}
)


def both(new: Policy, edition: int = 1) -> Policies:
    earlier = earlier_policy(OLD.plain, new)
    assert earlier is not None
    return Policies(new, edition, {OLD.policy_version: earlier})


@pytest.fixture
def book(story: Story) -> Book:
    book = Book(OLD)
    book.apply(story.opened(MONDAY, policy_version=OLD.policy_version))
    return book


# The policy of the opening: R-SLA-12


def test_a_later_policy_leaves_the_open_work_order_alone(book: Book, story: Story) -> None:
    """R-SLA-12: also the targets of clocks that start later are those of the opening."""
    later = book.restarted(both(SHORTER))
    later.apply(story.signed(after(minutes=20)))
    assert later.clock("customer_reply").due_at == after(minutes=30)
    other = Story(id="w2")
    fresh = Book(both(SHORTER), "w2")
    fresh.apply(other.opened(MONDAY, policy_version=SHORTER.policy_version), other.signed(after(minutes=20)))
    assert fresh.clock("customer_reply").due_at == after(minutes=25)


def test_triage_decides_by_the_policy_of_the_opening(book: Book, story: Story) -> None:
    """R-SLA-12: the contact waits since then, whatever was changed before a person looked at it."""
    later = book.restarted(both(changed({"categories.after_sales.clocks.department_response": "5m business"})))
    later.apply(story.step(WorkorderClassified, after(1), category="after_sales", grade="normal", occurred_at=MONDAY))
    assert later.clock("department_response").due_at == after(1)


def test_warnings_ladder_and_hours_are_those_of_the_opening(book: Book, story: Story) -> None:
    """R-SLA-12: other office hours move nothing, not even after a pause."""
    other = changed(
        {
            "calendars.office": calendar("12:00-13:00"),
            "sla.warnings": [90],
            "sla.ladder": [{"on": "breach", "after": "0s wall", "to": "manager"}],
        }
    )
    later = book.restarted(both(other))
    later.apply(story.step(WorkorderPaused, after(minutes=5)), story.step(WorkorderResumed, after(minutes=35)))
    assert later.clock("first_response").due_at == after(1)
    told = later.watch(after(minutes=50)) + later.watch(after(1, 1))
    assert [e.percent for e in told if isinstance(e, SlaWarned)][:1] == [50]
    assert [getattr(e, "step", None) for e in told if e.metric == "first_response"][-1] == "supervisor"


def test_a_version_that_nobody_knows_is_taken_for_the_one_in_force(story: Story) -> None:
    """R-SLA-12: and stays the work order's own from then on."""
    book = Book(OLD)
    book.apply(story.opened(MONDAY, policy_version="elsewhere+1"))
    assert book.clocks.subject.policy_version == OLD.policy_version


def test_a_policy_comes_back_from_its_content_with_todays_holidays() -> None:
    """R-SLA-12, R-SLA-13: a figure that did not exist then is today's; what cannot be read is None."""
    plain: dict[str, Any] = {**OLD.plain, "sla": {k: v for k, v in OLD.plain["sla"].items() if k != "cutoff_grace"}}  # type: ignore[attr-defined]
    back = earlier_policy(plain, published())
    assert back is not None
    assert back.sla == OLD.sla
    assert 2027 in back.holidays["cn"].official_years
    assert earlier_policy({**plain, "categories": {}}, OLD) is None


# Newer holidays: R-SLA-13


def opened_at(text: str, grade: Any = "complex") -> Book:
    book = Book(OLD)
    story = Story()
    book.apply(story.opened(local(text), "general", grade, policy_version=OLD.policy_version))
    return book


def rescheduled(book: Book) -> dict[str, SlaRescheduled]:
    return {event.metric: event for event in book.told if isinstance(event, SlaRescheduled)}


def test_provisional_deadlines_are_computed_anew_when_the_schedule_is_published() -> None:
    """R-SLA-13: three office days from Wednesday noon, 30 December 2026; the official New Year is longer."""
    book = opened_at("2026-12-30 12:00")
    before = book.clock("resolution")
    assert (before.due_at, before.provisional) == (local("2027-01-05 12:00"), True)
    later = book.restarted(both(published(make_up="", closed="2027-01-01..2027-01-04"), 2))
    now = local("2026-12-31 10:00")
    later.apply(Story(version=1).responded(now))
    moved = rescheduled(later)["resolution"]
    assert (moved.previous_due_at, moved.due_at) == (local("2027-01-05 12:00"), local("2027-01-06 12:00"))
    assert (moved.cause, moved.by, moved.provisional, moved.at) == ("holidays", "system", False, now)
    assert set(rescheduled(later)) == {"resolution"}  # the others were due in 2026


def test_what_is_confirmed_as_it_was_is_provisional_no_longer() -> None:
    """R-SLA-13: shown as such, though the due time stays."""
    later = opened_at("2026-12-30 12:00").restarted(both(published(make_up="", closed="2027-01-01"), 2))
    later.apply(Story(version=1).responded(local("2026-12-31 10:00")))
    moved = rescheduled(later)["resolution"]
    assert (moved.due_at, moved.provisional) == (moved.previous_due_at, False)


def test_the_same_data_moves_nothing() -> None:
    """R-SLA-13: however often the service starts."""
    book = opened_at("2026-12-30 12:00")
    for edition in (1, 2, 3):
        book = book.restarted(both(OLD, edition))
        book.apply(
            Story(version=edition).step(
                WorkorderPromised, local("2026-12-30 13:00"), promised_at=local("2027-02-01 10:00")
            )
        )
        assert rescheduled(book) == {}
    assert book.clock("resolution").edition == 3


def test_warnings_already_given_are_not_repeated() -> None:
    """R-SLA-13, R-SLA-09: the due time moves back by a day, and with it the half."""
    book = opened_at("2026-12-30 12:00")
    half = local("2026-12-31 16:00")
    assert [e.percent for e in book.watch(half) if isinstance(e, SlaWarned) and e.metric == "resolution"] == [50]
    clock = book.clock("resolution")
    later = renew(clock, 2, half, published(make_up="", closed="2027-01-01..2027-01-04")).clock
    assert (later.warned, later.next_mark) == (50, "80")
    assert later.next_at == later.mark_at(80, published(make_up="", closed="2027-01-01..2027-01-04"))


def test_a_clock_moved_into_the_past_is_breached_and_the_watcher_not_late() -> None:
    """R-SLA-13, R-SLA-14: the Saturday was an office day after all."""
    book = opened_at("2026-12-31 16:00", "normal")
    book.clocks.apply(Story(version=1).signed(local("2026-12-31 16:50")), local("2026-12-31 16:50"))
    reply = book.clock("customer_reply")
    assert reply.due_at == local("2027-01-04 09:50")
    now = local("2027-01-02 12:00")
    moved = renew(reply, 2, now, published(make_up="2027-01-02", closed="2027-01-01"))
    assert moved.clock.due_at == local("2027-01-02 09:50")
    found = now + timedelta(seconds=1)
    book.clocks.clocks[reply.id] = moved.clock
    (breached,) = [
        event for event in book.watch(found) if isinstance(event, SlaBreached) and event.metric == "customer_reply"
    ]
    assert (breached.late_seconds, breached.detection_seconds) == (7801.0, 1.0)


def test_a_verdict_stays_and_its_ladder_is_computed_anew() -> None:
    """R-SLA-13, R-SLA-09."""
    book = opened_at("2026-12-31 16:00", "normal")
    book.watch(local("2026-12-31 16:31"))
    broken = book.clock("first_response")
    assert broken.state == "breached"
    decision = renew(broken, 2, local("2026-12-31 16:40"), published(make_up="2027-01-02", closed="2027-01-01"))
    assert decision.events == ()
    assert decision.clock.next_at == local("2027-01-02 09:30")  # an office hour after the breach


def test_older_data_moves_nothing_back() -> None:
    """R-SLA-13: a replica that was started before the data came leaves alone what another one has computed with it."""
    clock = renew(opened_at("2026-12-30 12:00").clock("resolution"), 2, MONDAY, NEW).clock
    assert renew(clock, 1, MONDAY, OLD) == Decision(clock)


# The rebase: R-SLA-12

CHANGE = Rebase("general-manager", "new figures", after(0.2), SHORTER.policy_version, 1)


def rebased(
    book: Book, policy: Policy = SHORTER, metric: Metric | None = None, at: datetime = CHANGE.at
) -> dict[str, Clock]:
    change = Rebase("general-manager", "new figures", at, policy.policy_version, 1)
    found = rebase_work_order(book.clocks.subject, book.clocks.clocks.values(), metric, change, policy)
    book.clocks.subject = found.subject
    for decision in found.decisions:
        book.clocks.clocks[decision.clock.id] = decision.clock
        book.told += decision.events
    return {decision.clock.metric: decision.clock for decision in found.decisions if decision.events}


def test_a_rebase_moves_running_clocks_and_those_to_come(book: Book, story: Story) -> None:
    """R-SLA-12: as if the work order had been opened under the new policy; who and why is told."""
    assert set(rebased(book)) == {"resolution"}
    assert book.clock("resolution").due_at == after(1)
    told = rescheduled(book)["resolution"]
    assert (told.previous_due_at, told.due_at, told.cause) == (after(2), after(1), "rebase")
    assert (told.by, told.reason) == ("general-manager", "new figures")
    later = book.restarted(both(SHORTER))
    later.apply(story.signed(after(minutes=20)))
    assert later.clock("customer_reply").due_at == after(minutes=25)


def test_a_rebase_of_one_metric_leaves_the_others(book: Book, story: Story) -> None:
    """R-SLA-12."""
    assert rebased(book, metric="customer_reply") == {}
    assert book.clock("resolution").due_at == after(2)
    later = book.restarted(both(SHORTER))
    later.apply(story.signed(after(minutes=20)))
    assert later.clock("customer_reply").due_at == after(minutes=25)


def test_a_rebase_repeated_moves_nothing_more(book: Book) -> None:
    """R-SLA-12."""
    rebased(book)
    assert rebased(book) == {}


def test_a_rebase_leaves_verdicts_and_promises(book: Book, story: Story) -> None:
    """R-SLA-12, R-SLA-09: what was promised to the customer is no figure of a policy."""
    book.apply(story.step(WorkorderPromised, MONDAY, promised_at=after(5)))
    book.watch(after(minutes=31))
    assert "first_response" not in rebased(
        book, changed({"sla.first_response.normal": "1h business"}), at=after(minutes=32)
    )
    assert book.clock("first_response").state == "breached"
    assert book.clock("promise").due_at == after(5)


def test_a_rebase_into_the_past_is_a_breach(book: Book) -> None:
    """R-SLA-12, R-SLA-14: the watcher is as late as the rebase, not as the new due time."""
    rebased(book, at=after(1.5))
    (breached,) = [e for e in book.watch(after(1.5, 0.1)) if isinstance(e, SlaBreached) and e.metric == "resolution"]
    assert (breached.due_at, breached.detection_seconds) == (after(1), 6.0)


def test_a_work_order_that_waits_for_the_customer_is_due_when_it_goes_on(book: Book, story: Story) -> None:
    """R-SLA-12, R-SLA-08: what the new target has used up before the pause is used up, and not more."""
    book.apply(story.step(WorkorderPaused, after(1.5)))
    rebased(book, at=after(2))
    assert book.clock("resolution").state == "paused"
    book.apply(story.step(WorkorderResumed, after(4)))
    assert book.clock("resolution").due_at == after(4)


@given(
    pauses=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 20_000)), max_size=4),
    targets=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    paused=st.booleans(),
)
def test_a_rebased_clock_is_where_it_would_be_had_it_been_started_so(
    pauses: list[tuple[int, int]], targets: tuple[int, int], paused: bool
) -> None:
    """R-SLA-12, R-SLA-08: used up, since when, and due, to the microsecond; unless the new target was used up before."""
    old, new = (_lived(timedelta(seconds=seconds), pauses, paused=paused) for seconds in targets)
    if old.state == "breached" or new.state == "breached" or old.since != new.since:
        return
    over, at = _pauses(pauses, paused=paused)
    change = Rebase("general-manager", "x", at, "v2", 1)
    moved = rebase(old, new.target, OFFICE, over, change, OLD).clock
    assert (moved.used, moved.since, moved.due_at) == (new.used, new.since, new.due_at)
    assert (moved.policy_version, moved.state) == ("v2", old.state)


OFFICE = Pace("office", OLD.calendar("office"))


def _pauses(spans: list[tuple[int, int]], *, paused: bool) -> tuple[list[tuple[datetime, datetime]], datetime]:
    at, found = MONDAY, []
    for run, stand in spans:
        since = at + timedelta(seconds=run)
        at = since + timedelta(seconds=stand)
        found.append((since, at))
    return (found[:-1] if paused else found), at


def _lived(target: timedelta, spans: list[tuple[int, int]], *, paused: bool) -> Clock:
    wanted = steps.Wanted("workorder", "w1", "resolution", 1, "market", target, MONDAY, OFFICE)
    clock = steps.start("c", wanted, steps.Origin("w1", MONDAY), OLD).clock
    at = MONDAY
    for number, (run, stand) in enumerate(spans):
        at += timedelta(seconds=run)
        clock = steps.pause(clock, at, at, OLD).clock
        at += timedelta(seconds=stand)
        if not paused or number < len(spans) - 1:
            clock = steps.resume(clock, at, at, OLD).clock
    return clock


def test_only_what_has_been_opened_is_moved() -> None:
    """R-SLA-12."""
    assert rebase_work_order(Subject("w1"), (), None, CHANGE, SHORTER).decisions == ()
