"""All live clocks of one work order, and what an event does to them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from services.sla.domain import steps
from services.sla.domain.clock import Clock, ClockEvent, Decision
from services.sla.domain.pace import pace_of
from services.sla.domain.plan import (
    APPROVAL,
    MET_BY,
    OF_ITS_CYCLE,
    OPENING,
    OUTLIVE_CLOSING,
    OWN_DEPARTMENT,
    SINCE_ITS_START,
    SUPERSEDED,
    UNPAUSED,
    VOID_WITH_THE_RESULT,
    Fact,
    facts_of,
)
from services.sla.domain.side_clocks import SideClocks
from shared.events import (
    CallbackCompleted,
    CallbackScheduled,
    CallbackWithdrawn,
    Event,
    NotificationSent,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderCollaborated,
    WorkorderConfirmed,
    WorkorderDelivered,
    WorkorderHandedOver,
    WorkorderMerged,
    WorkorderOpened,
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
from shared.policy import Duration, Metric
from shared.values import replace


class WorkorderClocks(SideClocks):
    """Applies the events of one work order in their order."""

    def apply(
        self, event: Event, now: datetime, traceparent: str | None = None, sent_at: datetime | None = None
    ) -> tuple[ClockEvent, ...]:
        """Apply `event`, learnt of at `now`; return the events of the clocks that follow from it.

        `sent_at` is the time of its envelope, which is when a hand-over was made.
        """
        self._begin(now, traceparent)
        if isinstance(event, WorkorderHandedOver):
            self.handed_over(event, sent_at or now)
        if isinstance(event, WorkorderTransferred):  # asking others is still the former department's doing
            self._happened(facts_of(event), event.at, event.cycle)
        if isinstance(event, WorkorderStep):
            self._move(event.department, event.at)
        if (react := _REACTIONS.get(type(event))) is not None:
            react(self, event)
        if isinstance(event, WorkorderStep | CallbackCompleted):
            self._happened(facts_of(event), event.at, event.cycle)
        elif isinstance(event, NotificationSent):
            self._happened(facts_of(event), event.at, self.subject.cycle)
        return self._end()

    def opened(self, event: WorkorderOpened) -> None:
        """Start the clocks at the time at which the customer began to wait (R-SLA-01, R-SLA-02, R-SLA-04)."""
        self.subject = replace(
            self.subject,
            category=event.category,
            topic=event.topic,
            grade=event.grade,
            department=event.department,
            cycle=event.cycle,
            cycle_started_at=event.occurred_at,
            number=event.number,
            policy_version=self._policies.adopted(event.policy_version),
        )
        self._retarget(event.category, event.topic, event.grade)
        for metric in OPENING:
            self._start(metric, event.cycle, _opening_at(metric, event))
        self._register(event.missing_fields, event.conversation_ended_at or event.occurred_at, event.opened_at)
        self._await_handover(event.cutoff_at, event.occurred_at, event.opened_at)
        self._start("progress_update", self._following("progress_update"), event.occurred_at)
        if self.subject.heard_at is not None:
            self._happened(frozenset({"the customer heard something"}), self.subject.heard_at, event.cycle)

    def classified(self, event: WorkorderClassified) -> None:
        """Start anew, from the same moment, what has another target under the category that a person chose (R-RT-01)."""
        self._retarget(event.category, event.topic, event.grade)
        for metric in OPENING:
            started_at = self._restart_at(metric, event)
            running = self._running(metric, event.cycle)
            target = self.subject.targets.get(metric)
            if running is not None:
                if target is not None and self._same(running, target, started_at):
                    continue
                if self._void(running, event.at).state != "cancelled":
                    continue  # it had run out by then: a breach stays
                self._forget(metric, event.cycle)
            self._start(metric, event.cycle, started_at)
        self._rework_anew(event)
        self._register(event.missing_fields, event.at, event.at)
        self._await_handover(event.cutoff_at, event.at, event.at)

    def reopened(self, event: WorkorderReopened) -> None:
        """Begin a new cycle; what was met or breached before stays as it was (R-SLA-11)."""
        self._cancel(event.at, SUPERSEDED)
        if (event.category, event.grade) != (self.subject.category, self.subject.grade):
            self._retarget(event.category, event.topic, event.grade)
        self.subject = replace(
            self.subject, cycle=event.cycle, cycle_started_at=event.at, paused_at=None, pauses=(), ended=False
        )
        for metric in OPENING:
            if metric != "collaboration_start" or self._running("collaboration") is None:
                self._start(metric, event.cycle, event.at)
        if not any(clock.metric == "progress_update" for clock in self._own()):
            self._start("progress_update", self._following("progress_update"), event.at)

    def signed(self, event: WorkorderSigned) -> None:
        """Let the customer be told, unless the service agent must confirm first (R-SLA-03, R-SLA-05)."""
        if not event.confirmation_required:
            self.approved(event)

    def approved(self, event: WorkorderSigned | WorkorderConfirmed) -> None:
        """Start the clocks of telling the customer; what overtook this event may have met them already."""
        for metric in APPROVAL:
            self._start(metric, event.cycle, event.at)
        if self.subject.told_at is not None:
            self._happened(frozenset({"the customer knows the result"}), self.subject.told_at, event.cycle)
        if self.subject.called_at is not None and self.subject.called_cycle is not None:
            over: frozenset[Fact] = frozenset({"the callback is over"})
            self._happened(over, self.subject.called_at, self.subject.called_cycle)

    def paused(self, event: WorkorderPaused) -> None:
        """Stop every clock but those that run on while the customer is awaited (R-SLA-08)."""
        self.subject = replace(self.subject, paused_at=event.at)
        for clock in self._own():
            if clock.metric not in UNPAUSED:
                self._take(steps.pause(clock, event.at, self._now, self._of(clock)))

    def resumed(self, event: WorkorderResumed) -> None:
        """Let the paused clocks run on with what is left (R-SLA-08)."""
        if self.subject.paused_at is not None:
            over = (self.subject.paused_at, event.at)
            self.subject = replace(self.subject, paused_at=None, pauses=(*self.subject.pauses, over))
        for clock in self._own():
            self._take(steps.resume(clock, event.at, self._now, self._of(clock)))

    def supplemented(self, event: WorkorderSupplemented) -> None:
        """Meet the clock of the register once nothing is missing (R-IN-07)."""
        if not event.missing_fields:
            self._happened(frozenset({"the register is complete"}), event.at, event.cycle)

    def resolved(self, event: WorkorderResolved) -> None:
        """Make void what nobody needs once the result is there."""
        self._cancel(event.at, VOID_WITH_THE_RESULT)

    def closed(self, event: WorkorderClosed) -> None:
        """End what nobody waits for any longer."""
        self.subject = replace(self.subject, ended=True)
        for clock in self._live():
            if clock.subject_type != "workorder" or clock.metric not in OUTLIVE_CLOSING:
                self._void(clock, event.at)

    def cancelled(self, event: WorkorderCancelled | WorkorderMerged) -> None:
        """Make everything void that still runs; the other work order has clocks of its own where this one was merged."""
        self.subject = replace(self.subject, ended=True)
        for clock in self._live():
            self._void(clock, event.at)

    def called_back(self, event: CallbackCompleted) -> None:
        """Remember the end of the callback; a low score makes the supervisor call, also one of a survey (R-SLA-06)."""
        if event.kind == "return_call":
            self.call_returned(event)
            return
        if event.kind == "callback":
            self.subject = replace(self.subject, called_at=event.at, called_cycle=event.cycle)
        if event.outcome != "reached" and event.kind == "callback":
            # The attempts are used up and the customer did not want to hear: nobody is late with telling any more.
            self._cancel(event.at, {"customer_reply"}, up_to_cycle=event.cycle)
        if event.second_contact and event.kind in {"callback", "survey"}:
            target = self.subject.targets.get("supervisor_contact", self._policy.sla.supervisor_contact)
            self._arm("supervisor_contact", event.cycle, target, event.at, event.department)

    def _happened(self, facts: frozenset[Fact], at: datetime, cycle: int) -> None:
        """Meet every clock that waited for one of `facts`; each message starts the next progress clock (R-SLA-04).

        None follows the one at which the customer hears the approved result: nothing is left to report.
        """
        if "the customer heard something" in facts:
            self.subject = replace(self.subject, heard_at=_later(self.subject.heard_at, at))
        if "the customer knows the result" in facts:
            self.subject = replace(self.subject, told_at=_later(self.subject.told_at, at))
        told = "the customer knows the result" in facts and self._may_be_told(at)
        if "the department made progress" in facts:
            self._progressed(at)
        for clock in self._own():
            if MET_BY.get(clock.metric) not in facts and not self._kept_in_writing(clock, facts, at):
                continue
            if clock.metric in OF_ITS_CYCLE and clock.cycle != cycle:
                continue
            if clock.metric in SINCE_ITS_START and at < clock.started_at:
                continue
            self._meet(clock, at)
            if clock.metric == "progress_update" and not told:
                self._start("progress_update", self._following("progress_update"), at)
        if told:  # a message that was learnt of before the approval or the result may have started one more
            self._cancel(_later(self.subject.heard_at, at), {"progress_update"})

    def _may_be_told(self, at: datetime) -> bool:
        """Whether the result of the present cycle was approved by `at`; nothing but a new cycle takes that back."""
        if self._armed.get("customer_reply", 0) < self.subject.cycle:
            return False
        reply = [one for one in self._own() if one.metric == "customer_reply" and one.cycle == self.subject.cycle]
        return all(at >= one.started_at for one in reply)

    def _kept_in_writing(self, clock: Clock, facts: frozenset[Fact], at: datetime) -> bool:
        """Whether an automatic message kept a promise: it did once the promise's first warning was due (R-RT-10).

        Before that it was a message about something else; from then on the customer is contacted for the promise. The
        result is what every promise was about.
        """
        if clock.metric != "promise" or "the customer was written to" not in facts:
            return False
        if "the customer knows the result" in facts:
            return True
        policy = self._of(clock)
        return at >= clock.mark_at(policy.sla.warnings[0], policy)

    def _rework_anew(self, event: WorkorderClassified) -> None:
        """Give a running rework the target of the category that a person chose."""
        running, target = self._running("rework"), self.subject.targets.get("resolution")
        started_at = self._restart_at("resolution", event)
        if running is None or (target is not None and self._same(running, target, started_at)):
            return
        if self._void(running, event.at).state == "cancelled" and target is not None and self.subject.department:
            self._arm("rework", self._following("rework"), target, started_at, self.subject.department)

    def _move(self, department: str, at: datetime) -> None:
        if department == self.subject.department or self.subject.category is None:
            return
        self.subject = replace(self.subject, department=department)
        for clock in self._own():
            if clock.metric not in OWN_DEPARTMENT:
                self._take(steps.move(clock, department, at, self._now, self._of(clock)))

    def _retarget(self, category: str, topic: str | None, grade: Any) -> None:
        targets = self._policies.targets(self.subject.policy_version, category, grade)
        self.subject = replace(self.subject, category=category, topic=topic, grade=grade, targets=targets)
        for clock in self._own():
            if clock.grade != grade:
                self._take(Decision(replace(clock, grade=grade)))

    def _same(self, clock: Clock, target: Duration, started_at: datetime) -> bool:
        pace = pace_of(target, clock.department, self._policy)
        return (clock.target, clock.calendar, clock.started_at) == (target.timedelta, pace.name, started_at)

    def _restart_at(self, metric: Metric, event: WorkorderClassified) -> datetime:
        begun = self.subject.cycle_started_at or event.occurred_at
        if metric == "resolution" and event.cutoff_at is not None:
            return max(event.cutoff_at, begun)
        return begun


def _opening_at(metric: Metric, event: WorkorderOpened) -> datetime:
    """Return when the clock starts; the result of a category with a daily cut-off is due from the hand-over on."""
    if metric == "resolution" and event.cutoff_at is not None:
        return event.cutoff_at
    return event.occurred_at


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


_REACTIONS: Final[Mapping[type[Event], Callable[[WorkorderClocks, Any], None]]] = {
    WorkorderOpened: WorkorderClocks.opened,
    WorkorderClassified: WorkorderClocks.classified,
    WorkorderReopened: WorkorderClocks.reopened,
    WorkorderSigned: WorkorderClocks.signed,
    WorkorderConfirmed: WorkorderClocks.approved,
    WorkorderPaused: WorkorderClocks.paused,
    WorkorderResumed: WorkorderClocks.resumed,
    WorkorderPromised: WorkorderClocks.promised,
    WorkorderCollaborated: WorkorderClocks.collaborated,
    WorkorderClosed: WorkorderClocks.closed,
    WorkorderCancelled: WorkorderClocks.cancelled,
    WorkorderMerged: WorkorderClocks.cancelled,
    WorkorderDelivered: WorkorderClocks.delivered,
    WorkorderReturned: WorkorderClocks.returned,
    WorkorderResolved: WorkorderClocks.resolved,
    WorkorderSupplemented: WorkorderClocks.supplemented,
    CallbackScheduled: WorkorderClocks.call_scheduled,
    CallbackWithdrawn: WorkorderClocks.withdrawn,
    CallbackCompleted: WorkorderClocks.called_back,
}
