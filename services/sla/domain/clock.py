"""One clock 时限: a running deadline of (subject, metric, cycle), and what it tells."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from services.sla.domain.pace import Pace, pace_named
from shared.events import Grade, SlaStarted, SlaStep
from shared.policy import BreachStep, Metric, Policy, due
from shared.values import frozen, replace

State = Literal["running", "paused", "breached", "met", "ended", "cancelled"]
"""`breached`: the deadline passed and what the clock waits for has still not happened, so the ladder goes on.
`ended`: it was breached, and that is over. The end of a clock is met, cancelled or ended."""

SubjectType = Literal["workorder", "callback", "agent"]
"""What the clock is about. A promise or a collaboration is its work order's; a return call is a callback's own."""

ClockEvent: TypeAlias = SlaStarted | SlaStep

Look: TypeAlias = tuple[datetime | None, str | None]
"""When the watcher must look again, and what comes then."""

LIVE: Final[frozenset[State]] = frozenset({"running", "paused", "breached"})
BREACH: Final = "breach"
_SECOND: Final = timedelta(seconds=1)


@frozen
class Clock:
    """The state of one clock. `used` was used up before `since`; from `since` on it counts while it runs."""

    id: str
    owner: str
    """The work order or agent whose events move the clock; they are decided one after the other."""
    subject_type: SubjectType
    subject_id: str
    metric: Metric
    cycle: int
    department: str
    calendar: str
    target: timedelta
    started_at: datetime
    due_at: datetime
    since: datetime
    known_at: datetime
    """Since when we have known this due time: the watcher is not late with what it could not know."""
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
    grade: Grade | None = None
    """Of the work order, so that the breach of an urgent one can be told apart (R-OB-03)."""
    about: str | None = None
    """Which of several clocks of the same metric: the id of a collaboration."""
    policy_version: str | None = None
    """The policy that the clock lives by (R-SLA-12)."""
    edition: int = 0
    """The holiday data that the due time was computed with (R-SLA-13)."""
    traceparent: str | None = None

    @property
    def live(self) -> bool:
        """Whether anything can still happen to the clock."""
        return self.state in LIVE

    def pace(self, policy: Policy) -> Pace:
        """Return the pace at which the clock runs."""
        return pace_named(self.calendar, self.department, policy)

    def latest(self, policy: Policy) -> datetime:
        """Return up to when it is in time."""
        return latest(self.metric, self.due_at, policy)

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
        """Return the fields of any later event of the clock; `late_since` is what should have been found at once.

        The watcher's own lateness leaves out what it could not know, as of a contact that arrives overdue (R-SLA-14).
        """
        late = own = 0.0
        if late_since is not None:
            late = (at - late_since).total_seconds()
            begin = max(late_since, self.known_at, self.latest(policy) if late_since == self.due_at else late_since)
            own = (at - begin).total_seconds()
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
            "detection_seconds": max(own, 0.0),
            "about": self.about,
            "grade": self.grade,
        }


@frozen
class Decision:
    """A clock after a step, and the events that tell of it."""

    clock: Clock
    events: tuple[ClockEvent, ...] = ()


def ladder(policy: Policy) -> Sequence[BreachStep]:
    """Return the steps after a breach, in order; the warnings before it are events of their own (R-SLA-10)."""
    return [step for step in policy.sla.ladder if isinstance(step, BreachStep)]


def warnings(metric: Metric, policy: Policy) -> Sequence[int]:
    """Return the percentages at which such a clock warns (R-SLA-09); none where nobody has anything to do before."""
    return () if metric in policy.sla.unwarned else policy.sla.warnings


def latest(metric: Metric, due_at: datetime, policy: Policy) -> datetime:
    """Return up to when it is in time: the due time, and for a hand-over the minute that begins with it (R-RT-03)."""
    return due_at + policy.sla.cutoff_grace.timedelta if metric == "cutoff" else due_at


def scheduled(clock: Clock, policy: Policy) -> Clock:
    """Return `clock` with the moment at which the watcher must look again."""
    at, mark = _next(clock, policy)
    return replace(clock, next_at=at, next_mark=mark)


def first_look(
    metric: Metric, target: timedelta, since: datetime, due_at: datetime, pace: Pace, policy: Policy
) -> Look:
    """Return when the watcher must look at a clock that starts at `since`: at its first warning, else when it is due."""
    for percent in warnings(metric, policy):
        if (at := pace.add(since, target * percent // 100)) < due_at:
            return at, str(percent)
    return latest(metric, due_at, policy), BREACH


def _next(clock: Clock, policy: Policy) -> Look:
    if clock.state == "running":
        for percent in warnings(clock.metric, policy):
            if percent > clock.warned and (at := clock.mark_at(percent, policy)) < clock.due_at:
                return at, str(percent)
        return clock.latest(policy), BREACH
    if clock.state == "breached":
        for step in ladder(policy)[clock.rung :]:
            return clock.step_at(step, policy), step.to
    return None, None
