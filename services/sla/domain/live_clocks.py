"""The live clocks of one work order as a set: how one is started, found and voided."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from services.sla.domain import steps
from services.sla.domain.clock import Clock, ClockEvent, Decision
from services.sla.domain.pace import WALL, Pace, pace_of
from services.sla.domain.plan import UNPAUSED
from services.sla.domain.subject import Subject
from shared.policy import Duration, Metric, Policy
from shared.values import replace


class LiveClocks:
    """A work order's clocks while events are applied to them; knows afterwards what must be saved.

    Pure: `issue` gives ids for new clocks, the present moment comes with each event.
    """

    def __init__(self, subject: Subject, clocks: Iterable[Clock], policy: Policy, issue: Callable[[], str]) -> None:
        self.subject = subject
        self.clocks: dict[str, Clock] = {clock.id: clock for clock in clocks}
        self.loaded: Mapping[str, Clock] = dict(self.clocks)
        self._policy = policy
        self._issue = issue
        self._now = datetime.min.replace(tzinfo=UTC)
        self._traceparent: str | None = None
        self._events: list[ClockEvent] = []

    def _start(self, metric: Metric, cycle: int, started_at: datetime) -> None:
        """Start the clock of `metric` where the work order has a target for it."""
        target = self.subject.targets.get(metric)
        if target is not None and self.subject.department is not None:
            self._arm(metric, cycle, target, started_at, self.subject.department)

    def _arm(self, metric: Metric, cycle: int, target: Duration, started_at: datetime, department: str) -> None:
        self._run(metric, cycle, target.timedelta, started_at, department, pace_of(target, department, self._policy))

    def _start_until(self, metric: Metric, due_at: datetime, started_at: datetime, department: str) -> None:
        """Start a clock that is due at a given time; several may run, each with its own cycle."""
        target = max(due_at - started_at, timedelta())
        self._run(metric, self._following(metric), target, started_at, department, Pace(WALL))

    def _run(
        self, metric: Metric, cycle: int, target: timedelta, started_at: datetime, department: str, pace: Pace
    ) -> None:
        if self.subject.armed.get(metric, 0) >= cycle:
            return
        self.subject = replace(self.subject, armed={**self.subject.armed, metric: cycle})
        clock = self._take(
            steps.start(
                self._issue(),
                self.subject.id,
                metric,
                cycle,
                department,
                target,
                started_at,
                pace,
                self._policy,
                self._traceparent,
            )
        )
        if metric not in UNPAUSED:
            self._leave_out_pauses(clock)

    def _leave_out_pauses(self, clock: Clock) -> None:
        """Pause and resume a new clock as if it had run when the customer was awaited (R-SLA-08)."""
        for since, until in self.subject.pauses:
            if until > clock.started_at:
                paused = self._take(steps.pause(clock, max(since, clock.started_at), self._now, self._policy))
                clock = self._take(steps.resume(paused, until, self._policy))
        if self.subject.paused_at is not None:
            since = max(self.subject.paused_at, min(clock.started_at, self._now))
            self._take(steps.pause(clock, since, self._now, self._policy))

    def _take(self, decision: Decision) -> Clock:
        self.clocks[decision.clock.id] = decision.clock
        self._events += decision.events
        return decision.clock

    def _live(self) -> list[Clock]:
        return [clock for clock in self.clocks.values() if clock.live]

    def _running(self, metric: Metric, cycle: int) -> Clock | None:
        """Return the clock that can still be met, if there is one."""
        for clock in self._live():
            if clock.metric == metric and clock.cycle == cycle and clock.state != "breached":
                return clock
        return None

    def _following(self, metric: Metric) -> int:
        return self.subject.armed.get(metric, 0) + 1

    def _forget(self, metric: Metric, cycle: int) -> None:
        self.subject = replace(self.subject, armed={**self.subject.armed, metric: cycle - 1})

    def _cancel(self, at: datetime, metrics: Iterable[Metric], up_to_cycle: int | None = None) -> None:
        wanted = set(metrics)
        for clock in self._live():
            if clock.metric in wanted and (up_to_cycle is None or clock.cycle <= up_to_cycle):
                self._take(steps.cancel(clock, at, self._now, self._policy))
