"""What people do to a clock: it starts, pauses, resumes, is met, is cancelled, or goes to another department.

`at` is when the thing happened, `now` when we learn of it. Each step compares `at` with the due time first, so a
clock that had run out by then is breached, whatever was seen meanwhile (R-SLA-09).
"""

from datetime import datetime, timedelta
from typing import Final

from services.sla.domain.clock import Clock, Decision, State, SubjectType, first_look, scheduled
from services.sla.domain.due import breach, overdue
from services.sla.domain.pace import Pace
from shared.events import Grade, SlaCancelled, SlaMet, SlaPaused, SlaResumed, SlaStarted
from shared.policy import Metric, Policy
from shared.values import frozen, replace

_SECOND: Final = timedelta(seconds=1)


@frozen
class Wanted:
    """What is to be started: a clock of `subject`, and for how long at which pace it runs from when."""

    subject_type: SubjectType
    subject_id: str
    metric: Metric
    cycle: int
    department: str
    target: timedelta
    started_at: datetime
    pace: Pace
    about: str | None = None


@frozen
class Origin:
    """Where a clock comes from: whose event, learnt of when, under which policy and holiday data."""

    owner: str
    now: datetime
    grade: Grade | None = None
    policy_version: str | None = None
    edition: int = 0
    traceparent: str | None = None


def start(clock_id: str, wanted: Wanted, origin: Origin, policy: Policy) -> Decision:
    """Return a new clock that counts from `started_at`, which may have passed long ago (R-SLA-01 to R-SLA-07).

    One that is overdue already is not breached here: the answer may wait in the same queue. The watcher finds it at
    once, when everything published before has been applied.
    """
    pace, started_at = wanted.pace, wanted.started_at
    due_at = pace.add(started_at, wanted.target)
    next_at, next_mark = first_look(wanted.metric, wanted.target, started_at, due_at, pace, policy)
    clock = Clock(
        id=clock_id,
        owner=origin.owner,
        subject_type=wanted.subject_type,
        subject_id=wanted.subject_id,
        metric=wanted.metric,
        cycle=wanted.cycle,
        department=wanted.department,
        calendar=pace.name,
        target=wanted.target,
        started_at=started_at,
        due_at=due_at,
        since=started_at,
        known_at=origin.now,
        provisional=pace.provisional(started_at, due_at),
        next_at=next_at,
        next_mark=next_mark,
        grade=origin.grade,
        about=wanted.about,
        policy_version=origin.policy_version,
        edition=origin.edition,
        traceparent=origin.traceparent,
    )
    return Decision(clock, (started(clock),))


def started(clock: Clock) -> SlaStarted:
    """Return the event that tells of a new clock."""
    return SlaStarted(
        clock_id=clock.id,
        subject_type=clock.subject_type,
        subject_id=clock.subject_id,
        metric=clock.metric,
        cycle=clock.cycle,
        department=clock.department,
        calendar=clock.calendar,
        target_seconds=clock.target // _SECOND,
        started_at=clock.started_at,
        due_at=clock.due_at,
        provisional=clock.provisional,
        about=clock.about,
        grade=clock.grade,
    )


def pause(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Stop the clock at `at`; what is used up is kept to the microsecond (R-SLA-08)."""
    if overdue(clock, at, policy):
        return breach(clock, now, policy)
    if clock.state != "running":
        return Decision(clock)
    still = replace(clock, state="paused", used=clock.used_by(at, policy), since=at)
    return Decision(scheduled(still, policy), (SlaPaused(**still.tells(at, policy)),))


def resume(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Let a paused clock run on with what is left of its target (R-SLA-08)."""
    if clock.state != "paused":
        return Decision(clock)
    since = max(at, clock.since, clock.started_at)
    due_at, provisional = due_from(clock, since, policy)
    running = replace(clock, state="running", since=since, due_at=due_at, provisional=provisional, known_at=now)
    return Decision(scheduled(running, policy), (SlaResumed(**running.tells(at, policy)),))


def due_from(clock: Clock, since: datetime, policy: Policy) -> tuple[datetime, bool]:
    """Return when what is left of the target is used up from `since` on, and whether that is provisional."""
    pace = clock.pace(policy)
    due_at = pace.add(since, max(clock.target - clock.used, timedelta()))
    return due_at, pace.provisional(clock.started_at, due_at)


def meet(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """End the clock by what it waited for: met up to the due time, afterwards a breach that is over."""
    if overdue(clock, at, policy):
        return _over(breach(clock, now, policy))
    if clock.state == "breached":
        return _over(Decision(clock))
    if not clock.live:
        return Decision(clock)
    return Decision(_ended(clock, "met"), (SlaMet(**clock.tells(at, policy)),))


def cancel(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Make the clock void: nothing is awaited any longer. A breach stays a breach."""
    if overdue(clock, at, policy):
        return _over(breach(clock, now, policy))
    if clock.state == "breached":
        return _over(Decision(clock))
    if not clock.live:
        return Decision(clock)
    return Decision(_ended(clock, "cancelled"), (SlaCancelled(**clock.tells(at, policy)),))


def move(clock: Clock, department: str, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Hand a live clock to another department; what it missed before is the former one's breach."""
    found = breach(clock, now, policy) if overdue(clock, at, policy) else Decision(clock)
    if not clock.live:
        return found
    return Decision(scheduled(replace(found.clock, department=department), policy), found.events)


def _over(decision: Decision) -> Decision:
    return Decision(_ended(decision.clock, "ended"), decision.events)


def _ended(clock: Clock, state: State) -> Clock:
    return replace(clock, state=state, next_at=None, next_mark=None)
