"""The clocks beside the main line: the register, the hand-over, help, promises, progress, rework and return calls."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.sla.domain import steps
from services.sla.domain.clock import Clock, Decision, scheduled
from services.sla.domain.live_clocks import LiveClocks
from services.sla.domain.pace import ALWAYS, Pace, pace_of
from services.sla.domain.renew import renew
from services.sla.domain.steps import Wanted, started
from shared.events import (
    CallbackCompleted,
    CallbackScheduled,
    CallbackWithdrawn,
    WorkorderCollaborated,
    WorkorderDelivered,
    WorkorderHandedOver,
    WorkorderPromised,
    WorkorderReturned,
)
from shared.policy import Metric
from shared.values import replace

RESULTS: Final[tuple[Metric, ...]] = ("resolution", "rework")
"""Clocks that a result meets, and whose last one runs on where the supervisor returns it (ADR 0013)."""


class SideClocks(LiveClocks):
    """What starts, meets and voids the clocks that not every work order has."""

    def promised(self, event: WorkorderPromised) -> None:
        """Start a clock to the very time that the customer was given (R-RT-10)."""
        self._start_until("promise", event.promised_at, event.at, event.department)

    def collaborated(self, event: WorkorderCollaborated) -> None:
        """Start a clock to the time at which the other department was asked to deliver (R-RT-09)."""
        self._start_until("collaboration", event.due_at, event.at, event.with_department, event.collaboration_id)

    def delivered(self, event: WorkorderDelivered) -> None:
        """End the clock of that collaboration; what was declined is no success and awaited no longer (R-RT-09)."""
        for clock in self._own():
            if clock.metric == "collaboration" and clock.about == event.collaboration_id:
                if event.declined:
                    self._void(clock, event.at)
                else:
                    self._meet(clock, event.at)

    def returned(self, event: WorkorderReturned) -> None:
        """Let the deadline of the result run on: the customer still waits, though the clock itself was met (ADR 0013)."""
        template = self._last_result(event.cycle)
        if template is None or self.subject.department is None:
            return
        cycle = self._following("rework")
        self._armed["rework"] = cycle
        again = replace(
            template,
            id=self._issue(),
            metric="rework",
            cycle=cycle,
            department=self.subject.department,
            state="running",
            grade=self.subject.grade,
            rung=0,
            known_at=self._now,
            traceparent=self._traceparent,
        )
        clock = self._take(Decision(scheduled(again, self._of(again)), (started(again),)))
        if self._policies.knows(clock.policy_version):
            self._take(renew(clock, self._policies.edition, self._now, self._of(clock)))

    def handed_over(self, event: WorkorderHandedOver, sent_at: datetime) -> None:
        """Meet the clock of the hand-over that was made at `sent_at`; one not started yet will find it (R-RT-03)."""
        waiting = self._running("cutoff")
        if waiting is not None and _appointed(waiting) <= event.cutoff_at:
            self._meet(waiting, sent_at)
        elif not self._armed.get("cutoff"):
            self._remember(_handover(event.cutoff_at), sent_at)

    def call_scheduled(self, event: CallbackScheduled) -> None:
        """Start the clock of a call that answers a missed or unresolved one (R-IN-10)."""
        if event.kind != "return_call" or self.subject.ended:
            return
        target, pace = self._returned_within(event)
        wanted = Wanted("callback", event.callback_id, "callback", 1, event.department, target, event.at, pace)
        clock = self._take(steps.start(self._issue(), wanted, self._origin(), self._policy))
        if (over := self.subject.early.get(_return_call(event.callback_id))) is not None:
            self._meet(clock, over)

    def call_returned(self, event: CallbackCompleted) -> None:
        """End the clock of a return call, which may not have been started yet (R-IN-10)."""
        clock = self._call(event.callback_id)
        if clock is not None:
            self._meet(clock, event.at)
        else:
            self._remember(_return_call(event.callback_id), event.at)

    def withdrawn(self, event: CallbackWithdrawn) -> None:
        """Make void the clock of a call that nobody makes any more (R-FB-01)."""
        if event.kind == "return_call":
            if (clock := self._call(event.callback_id)) is not None:
                self._void(clock, event.at)
        elif event.kind != "survey":
            metric: Metric = "callback" if event.kind == "callback" else "supervisor_contact"
            if (running := self._running(metric, event.cycle)) is not None:
                self._void(running, event.at)

    def _register(self, missing: tuple[str, ...], since: datetime, at: datetime) -> None:
        """Start the clock of a register that is incomplete, or meet it (R-IN-07)."""
        live = [clock for clock in self._own() if clock.metric == "record_entry"]
        if not missing:
            for clock in live:
                self._meet(clock, at)
        elif not live:
            self._start("record_entry", self._following("record_entry"), since)

    def _await_handover(self, cutoff_at: datetime | None, since: datetime, at: datetime) -> None:
        """Wait for the hand-over of `cutoff_at` and for no other (R-RT-03)."""
        waiting = self._running("cutoff")
        if waiting is not None:
            if _appointed(waiting) == cutoff_at:
                return
            self._void(waiting, at)
        if cutoff_at is None or self.subject.department is None:
            return
        clock = self._start_until("cutoff", cutoff_at, min(since, cutoff_at), self.subject.department)
        made = self.subject.early.get(_handover(cutoff_at))
        if clock is not None and made is not None:
            self._meet(clock, made)

    def _progressed(self, at: datetime) -> None:
        """Have the department's progress passed on at once, where the category wants it; one clock at a time.

        A message that is in time for the earlier progress is in time for the later one as well.
        """
        if not self.subject.ended and self._running("progress_relay") is None:
            self._start("progress_relay", self._following("progress_relay"), at)

    def _last_result(self, cycle: int) -> Clock | None:
        """Return the clock that the result of the present cycle ended."""
        begun = self.subject.cycle_started_at
        over = [clock for clock in self.clocks.values() if clock.state in {"met", "ended"}]
        reworked = [c for c in over if c.metric == "rework" and begun is not None and c.started_at >= begun]
        first = [clock for clock in over if clock.metric == "resolution" and clock.cycle == cycle]
        return max([*first, *reworked], key=_order, default=None)

    def _call(self, callback_id: str) -> Clock | None:
        calls = [clock for clock in self._live() if clock.subject_type == "callback"]
        return next((clock for clock in calls if clock.subject_id == callback_id), None)

    def _returned_within(self, event: CallbackScheduled) -> tuple[timedelta, Pace]:
        """Return the target of a return call, in office time where its due time follows from the policy's.

        Otherwise the wall's time up to `due_at`: feedback has told it under a policy of its own.
        """
        usual = self._policy.feedback.return_call
        pace = pace_of(usual, self._policy.service.id, self._policy)
        if pace.add(event.at, usual.timedelta) == event.due_at:
            return usual.timedelta, pace
        return max(event.due_at - event.at, timedelta()), ALWAYS

    def _remember(self, what: str, at: datetime) -> None:
        self.subject = replace(self.subject, early={**self.subject.early, what: at})


def _order(clock: Clock) -> tuple[bool, int]:
    return clock.metric == "rework", clock.cycle


def _appointed(clock: Clock) -> datetime:
    """Return the time that the clock was started for, whatever pauses moved."""
    return clock.started_at + clock.target


def _handover(cutoff_at: datetime) -> str:
    return f"handover {cutoff_at.astimezone(UTC).isoformat()}"


def _return_call(callback_id: str) -> str:
    return f"call {callback_id}"
