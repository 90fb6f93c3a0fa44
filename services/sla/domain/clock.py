"""One clock 时限: a running deadline of (subject, metric, cycle), and what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from services.sla.domain.pace import Pace, pace_named
from shared.events import SlaStarted, SlaStep
from shared.policy import BreachStep, Metric, Policy, due
from shared.values import replace

State = Literal["running", "paused", "breached", "met", "ended", "cancelled"]
"""`breached`: the deadline passed and what the clock waits for has still not happened, so the ladder goes on.
`ended`: it was breached, and that is over. The end of a clock is met, cancelled or ended."""

ClockEvent: TypeAlias = SlaStarted | SlaStep

LIVE: Final[frozenset[State]] = frozenset({"running", "paused", "breached"})
BREACH: Final = "breach"
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The state of one clock. `used` was used up before `since`; from `since` on it counts while it runs."""

    id: str
    subject_type: str
    subject_id: str
    metric: Metric
    cycle: int
    department: str
    calendar: str
    target: timedelta
    started_at: datetime
    due_at: datetime
    since: datetime
    used: timedelta = timedelta()
    provisional: bool = False
    state: State = "running"
    warned: int = 0
    """The percent of the last warning given."""
    rung: int = 0
    """How many steps of the ladder have been taken."""
    next_at: datetime | None = None
    """When the watcher must look again; None where nothing is to come."""
    next_mark: str | None = None
    """What comes then: a percent, `breach`, or the next person on the ladder."""
    traceparent: str | None = None

    @property
    def live(self) -> bool:
        """Whether anything can still happen to the clock."""
        return self.state in LIVE

    def pace(self, policy: Policy) -> Pace:
        """Return the pace at which the clock runs."""
        return pace_named(self.calendar, self.department, policy)

    def used_by(self, at: datetime, policy: Policy) -> timedelta:
        """Return how much of the target is used up at `at`, on the clock's own calendar; pauses do not count."""
        if self.state == "paused":
            return self.used
        return self.used + self.pace(policy).used(self.since, at)

    def mark_at(self, percent: int, policy: Policy) -> datetime:
        """Return when that share of the target is used up; at the earliest when the clock last began to run."""
        left = self.target * percent // 100 - self.used
        return self.pace(policy).add(self.since, max(left, timedelta()))

    def step_at(self, step: BreachStep, policy: Policy) -> datetime:
        """Return when that step of the ladder is reached: some time after the breach, by the department's calendar."""
        return due(self.due_at, step.after, policy.calendar_of(self.department))

    def tells(self, at: datetime, policy: Policy, late_since: datetime | None = None) -> dict[str, Any]:
        """Return the fields of any later event of the clock; `late_since` is what should have been found at once."""
        late = (at - late_since).total_seconds() if late_since is not None else 0.0
        return {
            "clock_id": self.id,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "metric": self.metric,
            "cycle": self.cycle,
            "department": self.department,
            "due_at": self.due_at,
            "at": at,
            "late_seconds": max(late, 0.0),
            "used_seconds": self.used_by(at, policy) // _SECOND,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """A clock after a step, and the events that tell of it."""

    clock: Clock
    events: tuple[ClockEvent, ...] = ()


def ladder(policy: Policy) -> Sequence[BreachStep]:
    """Return the steps after a breach, in order; the warnings before it are events of their own (R-SLA-10)."""
    return [step for step in policy.sla.ladder if isinstance(step, BreachStep)]


def scheduled(clock: Clock, policy: Policy) -> Clock:
    """Return `clock` with the moment at which the watcher must look again."""
    at, mark = _next(clock, policy)
    return replace(clock, next_at=at, next_mark=mark)


def _next(clock: Clock, policy: Policy) -> tuple[datetime | None, str | None]:
    if clock.state == "running":
        for percent in policy.sla.warnings:
            if percent > clock.warned and (at := clock.mark_at(percent, policy)) < clock.due_at:
                return at, str(percent)
        return clock.due_at, BREACH
    if clock.state == "breached":
        for step in ladder(policy)[clock.rung :]:
            return clock.step_at(step, policy), step.to
    return None, None
