"""What time itself does to a clock: warnings, the breach, and the escalation ladder after it (R-SLA-09, R-SLA-10)."""

from datetime import datetime

from services.sla.domain.clock import BREACH, Clock, ClockEvent, Decision, ladder, scheduled, warnings
from shared.events import SlaBreached, SlaEscalated, SlaWarned
from shared.policy import Policy
from shared.values import replace


def watch(clock: Clock, now: datetime, settled: datetime, policy: Policy) -> Decision:
    """Return what is due at `now`: each warning once, or instead of them the breach, then the ladder.

    `settled` is the moment before which every event published has been applied. What lies after it is left, but for
    warnings: the answer that came in time may still be on its way through the queue.
    """
    latest = clock.latest(policy)
    if clock.state == "running" and now > latest:
        judged = settled > latest
        return breach(clock, now, policy, up_to=settled) if judged else Decision(_past_warnings(clock, policy))
    if clock.state == "running":
        return _warn(clock, now, policy)
    if clock.state == "breached":
        return _climb(clock, now, policy, up_to=settled)
    return Decision(clock)


def overdue(clock: Clock, at: datetime, policy: Policy) -> bool:
    """Whether the clock was running and its due time had passed when something happened at `at` (R-SLA-09)."""
    return clock.state == "running" and at > clock.latest(policy)


def breach(clock: Clock, now: datetime, policy: Policy, *, up_to: datetime | None = None) -> Decision:
    """Return the breach of a running clock, found at `now`, with the steps of the ladder reached by `up_to`.

    Where an event revealed the breach, `up_to` is left out: only what follows a breach at once is due then, for the
    later steps would call people to a matter that has moved on.
    """
    broken = replace(clock, state="breached")
    event = SlaBreached(**broken.tells(now, policy, clock.due_at))
    climbed = _climb(broken, now, policy, up_to=up_to or clock.due_at)
    return Decision(climbed.clock, (event, *climbed.events))


def _climb(clock: Clock, now: datetime, policy: Policy, *, up_to: datetime) -> Decision:
    """Take the steps of the ladder that are reached by `up_to`, each once and in order."""
    events: list[ClockEvent] = []
    rung = clock.rung
    for step in ladder(policy)[clock.rung :]:
        at = clock.step_at(step, policy)
        if at > up_to:
            break
        events.append(SlaEscalated(**clock.tells(now, policy, at), step=step.to))
        rung += 1
    return Decision(scheduled(replace(clock, rung=rung), policy), tuple(events))


def _warn(clock: Clock, now: datetime, policy: Policy) -> Decision:
    """Give every warning whose share of the target is used up and that was not given yet."""
    events: list[ClockEvent] = []
    warned = clock.warned
    for percent in warnings(clock.metric, policy):
        if percent <= clock.warned:
            continue
        at = clock.mark_at(percent, policy)
        if at > now or at >= clock.due_at:
            break
        events.append(SlaWarned(**clock.tells(now, policy, at), percent=percent))
        warned = percent
    return Decision(scheduled(replace(clock, warned=warned), policy), tuple(events))


def _past_warnings(clock: Clock, policy: Policy) -> Clock:
    """Let the clock wait for its breach alone: the warnings that nobody gave in time are left out."""
    return replace(clock, next_at=clock.latest(policy), next_mark=BREACH)
