"""All live clocks of one work order, and what an event does to them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from services.sla.domain import steps
from services.sla.domain.clock import Clock, ClockEvent
from services.sla.domain.live_clocks import LiveClocks
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
    Fact,
    facts_of,
)
from services.sla.domain.subject import targets_of
from shared.events import (
    CallbackCompleted,
    Event,
    NotificationSent,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderCollaborated,
    WorkorderConfirmed,
    WorkorderOpened,
    WorkorderPaused,
    WorkorderPromised,
    WorkorderReopened,
    WorkorderResumed,
    WorkorderSigned,
    WorkorderStep,
)
from shared.policy import Duration, Metric
from shared.values import replace


class WorkorderClocks(LiveClocks):
    """Applies the events of one work order in their order."""

    def apply(self, event: Event, now: datetime, traceparent: str | None = None) -> tuple[ClockEvent, ...]:
        """Apply `event`, learnt of at `now`; return the events of the clocks that follow from it."""
        self._now, self._traceparent, self._events = now, traceparent, []
        if isinstance(event, WorkorderStep):
            self._move(event.department, event.at)
        if (react := _REACTIONS.get(type(event))) is not None:
            react(self, event)
        if isinstance(event, WorkorderStep | CallbackCompleted):
            self._happened(facts_of(event), event.at, event.cycle)
        elif isinstance(event, NotificationSent):
            self._happened(facts_of(event), event.at, self.subject.cycle)
        return tuple(self._events)

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
            policy_version=event.policy_version,
            targets=targets_of(event.category, event.grade, self._policy),
        )
        for metric in OPENING:
            self._start(metric, event.cycle, _opening_at(metric, event))
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
                if self._take(steps.cancel(running, event.at, self._now, self._policy)).state != "cancelled":
                    continue  # it had run out by then: a breach stays
                self._forget(metric, event.cycle)
            self._start(metric, event.cycle, started_at)

    def reopened(self, event: WorkorderReopened) -> None:
        """Begin a new cycle; what was met or breached before stays as it was (R-SLA-11)."""
        self._cancel(event.at, SUPERSEDED)
        if (event.category, event.grade) != (self.subject.category, self.subject.grade):
            self._retarget(event.category, event.topic, event.grade)
        self.subject = replace(
            self.subject, cycle=event.cycle, cycle_started_at=event.at, paused_at=None, pauses=(), ended=False
        )
        for metric in OPENING:
            self._start(metric, event.cycle, event.at)
        if not any(clock.live and clock.metric == "progress_update" for clock in self.clocks.values()):
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
        for clock in self._live():
            if clock.metric not in UNPAUSED:
                self._take(steps.pause(clock, event.at, self._now, self._policy))

    def resumed(self, event: WorkorderResumed) -> None:
        """Let the paused clocks run on with what is left (R-SLA-08)."""
        if self.subject.paused_at is not None:
            over = (self.subject.paused_at, event.at)
            self.subject = replace(self.subject, paused_at=None, pauses=(*self.subject.pauses, over))
        for clock in self._live():
            self._take(steps.resume(clock, event.at, self._policy))

    def promised(self, event: WorkorderPromised) -> None:
        """Start a clock to the very time that the customer was given (R-RT-10)."""
        self._start_until("promise", event.promised_at, event.at, event.department)

    def collaborated(self, event: WorkorderCollaborated) -> None:
        """Start a clock to the time at which the other department was asked to deliver (R-RT-09)."""
        self._start_until("collaboration", event.due_at, event.at, event.with_department)

    def closed(self, event: WorkorderClosed) -> None:
        """End what nobody waits for any longer."""
        self.subject = replace(self.subject, ended=True)
        self._cancel(event.at, {clock.metric for clock in self._live()} - OUTLIVE_CLOSING)

    def cancelled(self, event: WorkorderCancelled) -> None:
        """Make everything void that still runs."""
        self.subject = replace(self.subject, ended=True)
        self._cancel(event.at, {clock.metric for clock in self._live()})

    def called_back(self, event: CallbackCompleted) -> None:
        """Remember the end of the callback; a low score makes the supervisor call (R-SLA-06)."""
        if event.kind == "callback":
            self.subject = replace(self.subject, called_at=event.at, called_cycle=event.cycle)
        if event.outcome != "reached" and event.kind == "callback":
            # The attempts are used up and the customer did not want to hear: nobody is late with telling any more.
            self._cancel(event.at, {"customer_reply"}, up_to_cycle=event.cycle)
        if event.second_contact and event.kind == "callback":
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
        for clock in self._live():
            if MET_BY.get(clock.metric) not in facts:
                continue
            if clock.metric in OF_ITS_CYCLE and clock.cycle != cycle:
                continue
            if clock.metric in SINCE_ITS_START and at < clock.started_at:
                continue
            self._take(steps.meet(clock, at, self._now, self._policy))
            if clock.metric == "progress_update" and not told:
                self._start("progress_update", self._following("progress_update"), at)
        if told:  # a message that was learnt of before the approval or the result may have started one more
            self._cancel(_later(self.subject.heard_at, at), {"progress_update"})

    def _may_be_told(self, at: datetime) -> bool:
        """Whether the result of the present cycle was approved by `at`; nothing but a new cycle takes that back."""
        if self.subject.armed.get("customer_reply", 0) < self.subject.cycle:
            return False
        reply = [one for one in self._live() if one.metric == "customer_reply" and one.cycle == self.subject.cycle]
        return all(at >= one.started_at for one in reply)

    def _move(self, department: str, at: datetime) -> None:
        if department == self.subject.department or self.subject.category is None:
            return
        self.subject = replace(self.subject, department=department)
        for clock in self._live():
            if clock.metric not in OWN_DEPARTMENT:
                self._take(steps.move(clock, department, at, self._now, self._policy))

    def _retarget(self, category: str, topic: str | None, grade: Any) -> None:
        targets = targets_of(category, grade, self._policy)
        self.subject = replace(self.subject, category=category, topic=topic, grade=grade, targets=targets)

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
    CallbackCompleted: WorkorderClocks.called_back,
}
