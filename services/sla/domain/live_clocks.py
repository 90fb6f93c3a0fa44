"""The live clocks of one work order as a set: how one is started, found and voided."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from services.sla.domain import steps
from services.sla.domain.clock import LIVE, Clock, ClockEvent, Decision
from services.sla.domain.pace import ALWAYS, Pace, pace_of
from services.sla.domain.plan import UNPAUSED
from services.sla.domain.policies import Policies
from services.sla.domain.renew import renew
from services.sla.domain.steps import Origin, Wanted
from services.sla.domain.subject import Subject
from shared.policy import Duration, Metric, Policy
from shared.values import replace


class LiveClocks:
    """A work order's clocks while events are applied to them; knows afterwards what must be saved.

    Pure: `issue` gives ids for new clocks, the present moment comes with each event. Beside the live clocks there may
    be results that are recorded already, for the supervisor may return them.
    """

    def __init__(self, subject: Subject, clocks: Iterable[Clock], policies: Policies, issue: Callable[[], str]) -> None:
        self.subject = subject
        self.clocks: dict[str, Clock] = {clock.id: clock for clock in clocks}
        self.loaded: Mapping[str, Clock] = dict(self.clocks)
        self._armed = dict(subject.armed)
        self._policies = policies
        self._issue = issue
        self._now = datetime.min.replace(tzinfo=UTC)
        self._traceparent: str | None = None
        self._events: list[ClockEvent] = []
        self._renewed = False
        self._origin_of: tuple[Subject, Origin] | None = None

    @property
    def _policy(self) -> Policy:
        """The policy that the work order lives by (R-SLA-12)."""
        return self._policies.of(self.subject.policy_version)

    def _begin(self, now: datetime, traceparent: str | None) -> None:
        """Take up an event learnt of at `now`; first of all every clock is computed with the latest holidays (R-SLA-13)."""
        self._now, self._traceparent, self._events, self._origin_of = now, traceparent, [], None
        if not self._renewed:
            self._renewed = True
            for clock in self._live():
                if clock.edition < self._policies.edition and self._policies.knows(clock.policy_version):
                    self._take(renew(clock, self._policies.edition, now, self._of(clock)))

    def _end(self) -> tuple[ClockEvent, ...]:
        """Return what the event led to; the subject remembers what was started."""
        if self._armed != self.subject.armed:
            self.subject = replace(self.subject, armed=dict(self._armed))
        return tuple(self._events)

    def _of(self, clock: Clock) -> Policy:
        return self._policies.of(clock.policy_version)

    def _start(self, metric: Metric, cycle: int, started_at: datetime) -> Clock | None:
        """Start the clock of `metric` where the work order has a target for it."""
        target = self.subject.targets.get(metric)
        if target is None or self.subject.department is None:
            return None
        return self._arm(metric, cycle, target, started_at, self.subject.department)

    def _arm(self, metric: Metric, cycle: int, target: Duration, started_at: datetime, department: str) -> Clock | None:
        pace = pace_of(target, department, self._policy)
        return self._run(self._wanted(metric, cycle, target.timedelta, started_at, department, pace))

    def _start_until(
        self, metric: Metric, due_at: datetime, started_at: datetime, department: str, about: str | None = None
    ) -> Clock | None:
        """Start a clock that is due at a given time; several may run, each with its own cycle."""
        target = max(due_at - started_at, timedelta())
        cycle = self._following(metric)
        return self._run(self._wanted(metric, cycle, target, started_at, department, ALWAYS, about))

    def _wanted(
        self,
        metric: Metric,
        cycle: int,
        target: timedelta,
        started_at: datetime,
        department: str,
        pace: Pace,
        about: str | None = None,
    ) -> Wanted:
        return Wanted("workorder", self.subject.id, metric, cycle, department, target, started_at, pace, about)

    def _run(self, wanted: Wanted) -> Clock | None:
        """Start the clock once; return it as it is then, None where it had been started already."""
        if self._armed.get(wanted.metric, 0) >= wanted.cycle:
            return None
        self._armed[wanted.metric] = wanted.cycle
        clock = self._take(steps.start(self._issue(), wanted, self._origin(), self._policy))
        return clock if wanted.metric in UNPAUSED else self._leave_out_pauses(clock)

    def _origin(self) -> Origin:
        """Return where a clock comes from that the event in hand starts: the same for all of them, mostly."""
        subject = self.subject
        if self._origin_of is None or self._origin_of[0] is not subject:
            version = self._policies.adopted(subject.policy_version)
            origin = Origin(subject.id, self._now, subject.grade, version, self._policies.edition, self._traceparent)
            self._origin_of = subject, origin
        return self._origin_of[1]

    def _leave_out_pauses(self, clock: Clock) -> Clock:
        """Pause and resume a new clock as if it had run when the customer was awaited (R-SLA-08)."""
        for since, until in self.subject.pauses:
            if until > clock.started_at:
                paused = self._take(steps.pause(clock, max(since, clock.started_at), self._now, self._of(clock)))
                clock = self._take(steps.resume(paused, until, self._now, self._of(clock)))
        if self.subject.paused_at is not None:
            since = max(self.subject.paused_at, min(clock.started_at, self._now))
            clock = self._take(steps.pause(clock, since, self._now, self._of(clock)))
        return clock

    def _take(self, decision: Decision) -> Clock:
        self.clocks[decision.clock.id] = decision.clock
        self._events += decision.events
        return decision.clock

    def _live(self) -> list[Clock]:
        return [clock for clock in self.clocks.values() if clock.live]

    def _own(self) -> list[Clock]:
        """Return the live clocks of the work order itself: not those of its callbacks."""
        return [clock for clock in self.clocks.values() if clock.state in LIVE and clock.subject_type == "workorder"]

    def _running(self, metric: Metric, cycle: int | None = None) -> Clock | None:
        """Return the clock that can still be met, of any cycle where none is given, if there is one."""
        for clock in self._own():
            if clock.metric == metric and cycle in {None, clock.cycle} and clock.state != "breached":
                return clock
        return None

    def _following(self, metric: Metric) -> int:
        return self._armed.get(metric, 0) + 1

    def _forget(self, metric: Metric, cycle: int) -> None:
        self._armed[metric] = cycle - 1

    def _meet(self, clock: Clock, at: datetime) -> None:
        self._take(steps.meet(clock, at, self._now, self._of(clock)))

    def _void(self, clock: Clock, at: datetime) -> Clock:
        return self._take(steps.cancel(clock, at, self._now, self._of(clock)))

    def _cancel(self, at: datetime, metrics: Iterable[Metric], up_to_cycle: int | None = None) -> None:
        wanted = set(metrics)
        for clock in self._own():
            if clock.metric in wanted and (up_to_cycle is None or clock.cycle <= up_to_cycle):
                self._void(clock, at)
