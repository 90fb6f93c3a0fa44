"""What people do to a clock: it starts, pauses, resumes, is met, is cancelled, or goes to another department.

`at` is when the thing happened, `now` when we learn of it. Each step compares `at` with the due time first, so a
clock that had run out by then is breached, whatever was seen meanwhile (R-SLA-09).
"""

from datetime import datetime, timedelta

from services.sla.domain.clock import Clock, Decision, State, scheduled
from services.sla.domain.due import breach, overdue
from services.sla.domain.pace import Pace
from shared.events import SlaCancelled, SlaMet, SlaPaused, SlaResumed, SlaStarted
from shared.policy import Metric, Policy
from shared.values import replace


def start(
    clock_id: str,
    work_order_id: str,
    metric: Metric,
    cycle: int,
    department: str,
    target: timedelta,
    started_at: datetime,
    pace: Pace,
    policy: Policy,
    traceparent: str | None = None,
) -> Decision:
    """Return a new clock that counts from `started_at`, which may have passed long ago (R-SLA-01 to R-SLA-07).

    One that is overdue already is not breached here: the answer may wait in the same queue. The watcher finds it at
    once, when everything published before has been applied.
    """
    due_at = pace.add(started_at, target)
    clock = Clock(
        id=clock_id,
        subject_type="workorder",
        subject_id=work_order_id,
        metric=metric,
        cycle=cycle,
        department=department,
        calendar=pace.name,
        target=target,
        started_at=started_at,
        due_at=due_at,
        since=started_at,
        provisional=pace.provisional(started_at, due_at),
        traceparent=traceparent,
    )
    event = SlaStarted(
        clock_id=clock.id,
        subject_type=clock.subject_type,
        subject_id=clock.subject_id,
        metric=metric,
        cycle=cycle,
        department=department,
        calendar=pace.name,
        target_seconds=target // timedelta(seconds=1),
        started_at=started_at,
        due_at=due_at,
        provisional=clock.provisional,
    )
    return Decision(scheduled(clock, policy), (event,))


def pause(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Stop the clock at `at`; what is used up is kept to the microsecond (R-SLA-08)."""
    if overdue(clock, at):
        return breach(clock, now, policy)
    if clock.state != "running":
        return Decision(clock)
    still = replace(clock, state="paused", used=clock.used_by(at, policy), since=at)
    return Decision(scheduled(still, policy), (SlaPaused(**still.tells(at, policy)),))


def resume(clock: Clock, at: datetime, policy: Policy) -> Decision:
    """Let a paused clock run on with what is left of its target (R-SLA-08)."""
    if clock.state != "paused":
        return Decision(clock)
    pace, since = clock.pace(policy), max(at, clock.since, clock.started_at)
    due_at = pace.add(since, clock.target - clock.used)
    provisional = pace.provisional(clock.started_at, due_at)
    running = replace(clock, state="running", since=since, due_at=due_at, provisional=provisional)
    return Decision(scheduled(running, policy), (SlaResumed(**running.tells(at, policy)),))


def meet(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """End the clock by what it waited for: met up to the due time, afterwards a breach that is over."""
    if overdue(clock, at):
        return _over(breach(clock, now, policy))
    if clock.state == "breached":
        return _over(Decision(clock))
    if not clock.live:
        return Decision(clock)
    return Decision(_ended(clock, "met"), (SlaMet(**clock.tells(at, policy)),))


def cancel(clock: Clock, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Make the clock void: nothing is awaited any longer. A breach stays a breach."""
    if overdue(clock, at):
        return _over(breach(clock, now, policy))
    if clock.state == "breached":
        return _over(Decision(clock))
    if not clock.live:
        return Decision(clock)
    return Decision(_ended(clock, "cancelled"), (SlaCancelled(**clock.tells(at, policy)),))


def move(clock: Clock, department: str, at: datetime, now: datetime, policy: Policy) -> Decision:
    """Hand a live clock to another department; what it missed before is the former one's breach."""
    found = breach(clock, now, policy) if overdue(clock, at) else Decision(clock)
    if not clock.live:
        return found
    return Decision(scheduled(replace(found.clock, department=department), policy), found.events)


def _over(decision: Decision) -> Decision:
    return Decision(_ended(decision.clock, "ended"), decision.events)


def _ended(clock: Clock, state: State) -> Clock:
    return replace(clock, state=state, next_at=None, next_mark=None)
