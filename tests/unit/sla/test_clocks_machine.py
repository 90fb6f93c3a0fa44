"""Any life of a work order: whatever happens in whatever order, its clocks keep to the rules (R-SLA-08, R-SLA-09, R-SLA-11)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.sla.domain.clock import ClockEvent
from services.sla.domain.policies import Policies
from services.sla.domain.rebase import rebase_work_order
from services.sla.domain.renew import Rebase
from shared.events import (
    CallbackScheduled,
    SlaBreached,
    SlaCancelled,
    SlaEscalated,
    SlaMet,
    SlaPaused,
    SlaResumed,
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
    WorkorderReturned,
    WorkorderSigned,
    WorkorderStep,
    WorkorderSupplemented,
    WorkorderTransferred,
)
from shared.policy import load_policy
from shared.policy.earlier import earlier_policy
from tests.examples import examples
from tests.unit.sla.changes import changed
from tests.unit.sla.story import Book, Story, local

OLD: Final = load_policy(None)
NEW: Final = changed(
    {
        "sla.first_response.normal": "45m business",
        "categories.complaint.clocks.resolution": "4h business",
        "holidays.cn.years.2027": {"official": True, "holidays": [], "make_up_days": ["2027-01-02"]},
    }
)
CATEGORIES: Final = ("complaint", "project_matching", "after_sales", "info_change", "membership", "emergency")
UNPAUSED: Final = {"progress_update", "promise"}
FRIDAY: Final = local("2026-12-31 15:30")
OVER: Final = (SlaMet, SlaBreached, SlaCancelled)


class LifeOfAWorkOrder(RuleBasedStateMachine):
    """Steps in any order, hours apart, with the watch looking now and then and the policy changing once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = FRIDAY
        self.story = Story()
        self.book = Book(OLD)
        self.status = "none"
        self.asked = 0
        self.told: dict[str, list[ClockEvent]] = defaultdict(list)

    def _hear(self, told: list[ClockEvent]) -> None:
        for event in told:
            self.told[event.clock_id].append(event)

    def _step(self, model: type[WorkorderStep], **more: object) -> None:
        self._hear(self.book.apply(self.story.step(model, self.now, **more)))

    @property
    def open(self) -> bool:
        return self.status in {"opened", "resolved", "signed"}

    @rule(minutes=st.sampled_from((1, 9, 31, 70, 300, 1500)), look=st.booleans())
    def time_passes(self, minutes: int, *, look: bool) -> None:
        self.now += timedelta(minutes=minutes)
        if look:
            self._hear(self.book.watch(self.now))

    @precondition(lambda self: self.status == "none")
    @rule(
        category=st.sampled_from(CATEGORIES),
        complex_=st.booleans(),
        missing=st.booleans(),
        late=st.sampled_from((0, 20, 600)),
    )
    def open_it(self, category: str, *, complex_: bool, missing: bool, late: int) -> None:
        more = {
            "missing_fields": ("reason",) if missing else (),
            "cutoff_at": self.now + timedelta(hours=1) if category == "info_change" else None,
            "opened_at": self.now,
            "policy_version": OLD.policy_version,
        }
        grade = "complex" if complex_ else "normal"
        occurred_at = self.now - timedelta(minutes=late)
        self._hear(self.book.apply(self.story.opened(occurred_at, category, grade, **more)))  # type: ignore[arg-type]
        self.status = "opened"

    @precondition(lambda self: self.open or self.status == "paused")
    @rule(department=st.sampled_from(("market", "network")), audience=st.sampled_from(("customer", "staff")))
    def respond(self, department: str, audience: str) -> None:
        self._hear(self.book.apply(self.story.responded(self.now, by_department=department, audience=audience)))

    @precondition(lambda self: self.status != "none")
    @rule(purpose=st.sampled_from(("progress", "result", "accepted", "reopened")), ago=st.sampled_from((0, 0, 40)))
    def notify(self, purpose: str, ago: int) -> None:
        self._hear(self.book.apply(self.story.notified(self.now - timedelta(minutes=ago), purpose), now=self.now))

    @precondition(lambda self: self.status == "opened")
    @rule()
    def pause(self) -> None:
        self._step(WorkorderPaused)
        self.status = "paused"

    @precondition(lambda self: self.status == "paused")
    @rule()
    def resume(self) -> None:
        self._step(WorkorderResumed)
        self.status = "opened"

    @precondition(lambda self: self.status == "opened")
    @rule()
    def resolve(self) -> None:
        self._step(WorkorderResolved, outcome="resolved")
        self.status = "resolved"

    @precondition(lambda self: self.status == "resolved")
    @rule(approve=st.booleans())
    def sign(self, *, approve: bool) -> None:
        if approve:
            self._step(WorkorderSigned, confirmation_required=False)
        else:
            self._step(WorkorderReturned)
        self.status = "signed" if approve else "opened"

    @precondition(lambda self: self.status in {"signed", "closed", "cancelled"})
    @rule(category=st.sampled_from(CATEGORIES))
    def reopen(self, category: str) -> None:
        self.story.cycle += 1
        self._step(WorkorderReopened, category=category, grade="normal")
        self.status = "opened"

    @precondition(lambda self: self.status == "signed")
    @rule(outcome=st.sampled_from(("reached", "no_answer")), low=st.booleans())
    def call_back(self, outcome: str, *, low: bool) -> None:
        self._hear(self.book.apply(self.story.called(self.now, outcome, second_contact=low and outcome == "reached")))
        self._step(WorkorderClosed, outcome="resolved")
        self.status = "closed"

    @precondition(lambda self: self.status in {"opened", "paused"})
    @rule(category=st.sampled_from(CATEGORIES), missing=st.booleans(), transfer=st.booleans())
    def decide(self, category: str, *, missing: bool, transfer: bool) -> None:
        if transfer:
            former, self.story.department = self.story.department, "network"
            self._step(WorkorderTransferred, from_department=former)
        self._step(
            WorkorderClassified,
            category=category,
            grade="normal",
            occurred_at=FRIDAY,
            missing_fields=("reason",) if missing else (),
            cutoff_at=self.now + timedelta(minutes=30) if category == "info_change" else None,
        )

    @precondition(lambda self: self.status in {"opened", "paused"})
    @rule(minutes=st.sampled_from((5, 200)), what=st.sampled_from(("promise", "collaborate", "call", "supplement")))
    def beside(self, minutes: int, what: str) -> None:
        due_at = self.now + timedelta(minutes=minutes)
        self.asked += 1
        if what == "promise":
            self._step(WorkorderPromised, promised_at=due_at)
        elif what == "collaborate":
            about = {"collaboration_id": f"w1.{self.asked}", "with_department": "technical", "deliverable": "x"}
            self._step(WorkorderCollaborated, due_at=due_at, **about)
        elif what == "call":
            about = {"callback_id": f"r{self.asked}", "work_order_id": "w1", "number": "XR1", "department": "service"}
            given = CallbackScheduled(**about, kind="return_call", cycle=1, script="s", due_at=due_at, at=self.now)
            self._hear(self.book.apply(given))
        else:
            self._step(WorkorderSupplemented, fields=("reason",), missing_fields=())

    @precondition(lambda self: self.open and self.asked > 0)
    @rule(declined=st.booleans(), back=st.integers(0, 3))
    def deliver(self, *, declined: bool, back: int) -> None:
        about = {"collaboration_id": f"w1.{max(self.asked - back, 1)}", "by_department": "technical"}
        self._step(WorkorderDelivered, declined=declined, **about)

    @precondition(lambda self: self.status != "none")
    @rule(sent=st.sampled_from((0, 2)))
    def hand_over(self, sent: int) -> None:
        event = WorkorderHandedOver(department="network", cutoff_at=self.now, work_order_ids=("w1",))
        self._hear(list(self.book.clocks.apply(event, self.now, sent_at=self.now - timedelta(minutes=sent))))

    @precondition(lambda self: self.open or self.status == "paused")
    @rule(merge=st.booleans())
    def end(self, *, merge: bool) -> None:
        if merge:
            self._step(WorkorderMerged, into_work_order_id="w2", into_number="XR2")
        else:
            self._step(WorkorderCancelled)
        self.status = "merged" if merge else "cancelled"
        assert not [clock for clock in self.book.clocks.clocks.values() if clock.live]

    @precondition(lambda self: self.book.policies.current is OLD)
    @rule()
    def holidays_are_published_and_the_policy_changes(self) -> None:
        kept = earlier_policy(OLD.plain, NEW)
        assert kept is not None
        over = [clock for clock in self.book.clocks.clocks.values() if not clock.live]
        self.book = self.book.restarted(Policies(NEW, 2, {OLD.policy_version: kept}))
        for clock in over:
            self.book.clocks.clocks[clock.id] = clock

    @precondition(
        lambda self: self.book.policies.current is NEW and self.status not in {"none", "closed", "cancelled", "merged"}
    )
    @rule()
    def rebase(self) -> None:
        change = Rebase("general-manager", "x", self.now, NEW.policy_version, 2)
        clocks = self.book.clocks
        found = rebase_work_order(clocks.subject, clocks.clocks.values(), None, change, NEW)
        clocks.subject = found.subject
        for decision in found.decisions:
            clocks.clocks[decision.clock.id] = decision.clock
            self._hear(list(decision.events))

    @invariant()
    def one_verdict_for_every_clock(self) -> None:
        """R-SLA-09."""
        for told in self.told.values():
            verdicts = [place for place, event in enumerate(told) if isinstance(event, OVER)]
            assert len(verdicts) <= 1
            if verdicts:
                after = told[verdicts[0] + 1 :]
                assert all(isinstance(event, SlaEscalated) for event in after)
                assert not after or isinstance(told[verdicts[0]], SlaBreached)

    @invariant()
    def one_clock_for_every_metric_and_cycle(self) -> None:
        """R-SLA-09, R-SLA-11: a cancelled one makes room."""
        counted = Counter(
            (clock.subject_type, clock.subject_id, clock.metric, clock.cycle)
            for clock in self.book.clocks.clocks.values()
            if clock.state != "cancelled"
        )
        assert all(times == 1 for times in counted.values()), counted

    @invariant()
    def verdicts_compare_timestamps(self) -> None:
        """R-SLA-09, R-SLA-14."""
        for told in self.told.values():
            for event in told:
                if isinstance(event, SlaBreached):
                    assert event.at > event.due_at
                    assert 0 <= event.detection_seconds <= event.late_seconds
            marks = [e.percent for e in told if isinstance(e, SlaWarned)]
            rungs = [e.step for e in told if isinstance(e, SlaEscalated)]
            assert (len(marks), len(rungs)) == (len(set(marks)), len(set(rungs)))

    @invariant()
    def a_pause_stops_all_but_progress_and_promise(self) -> None:
        """R-SLA-08."""
        own = [c for c in self.book.clocks.clocks.values() if c.subject_type == "workorder" and c.live]
        paused = {clock.metric for clock in own if clock.state == "paused"}
        assert not paused & UNPAUSED
        if self.status == "paused":
            assert {clock.metric for clock in own if clock.state == "running"} <= UNPAUSED
        else:
            assert not paused
        for told in self.told.values():
            stops = [isinstance(event, SlaPaused) for event in told if isinstance(event, SlaPaused | SlaResumed)]
            assert all(stop == (place % 2 == 0) for place, stop in enumerate(stops))


LifeOfAWorkOrder.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
TestAnyLifeOfAWorkOrder = LifeOfAWorkOrder.TestCase
