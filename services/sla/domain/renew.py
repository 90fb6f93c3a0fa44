"""Due times that move without anybody's doing: newer holiday data (R-SLA-13), and the rebase onto a newer policy (R-SLA-12).

What was warned of stays warned of, and a verdict stays: only a clock that still runs or stands still is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.sla.domain.clock import Clock, Decision, scheduled
from services.sla.domain.pace import WALL, Pace
from services.sla.domain.steps import due_from
from services.sla.domain.subject import Pause
from shared.events import SlaRescheduled
from shared.policy import Policy
from shared.values import replace

SYSTEM = "system"


def renew(clock: Clock, edition: int, now: datetime, policy: Policy) -> Decision:
    """Compute a clock anew with the holiday data `edition`, which `policy` holds (R-SLA-13); at `edition` already: as it is.

    What was used up before the last pause stays as it was counted. A clock moved into the past is judged by the
    watcher like any other that is overdue; one that was breached already stays so, and only its ladder is computed anew.
    """
    if clock.edition >= edition or clock.calendar == WALL or not clock.live:
        return Decision(clock)
    known = replace(clock, edition=edition)
    if clock.state != "running":
        return Decision(scheduled(known, policy))
    due_at, provisional = due_from(clock, clock.since, policy)
    if (due_at, provisional) == (clock.due_at, clock.provisional):
        return Decision(known)
    moved = scheduled(replace(known, due_at=due_at, provisional=provisional, known_at=now), policy)
    return Decision(moved, (_told(clock, moved, now, policy, "holidays", SYSTEM, "newer holiday data"),))


@dataclass(frozen=True, slots=True)
class Rebase:
    """Who moves clocks onto the policy in force, and why."""

    by: str
    reason: str
    at: datetime
    policy_version: str
    edition: int


def rebase(
    clock: Clock, target: timedelta, pace: Pace, pauses: Sequence[Pause], change: Rebase, policy: Policy
) -> Decision:
    """Move a running or paused clock to `target` at `pace`, as if it had been started so (R-SLA-12).

    `pauses` are those of its work order that are over. A breach stays a breach.
    """
    if clock.state not in {"running", "paused"}:
        return Decision(clock)
    used, since, due_at = _run_through(clock, target, pace, pauses)
    known = replace(
        clock,
        target=target,
        calendar=pace.name,
        used=used,
        since=since,
        due_at=due_at,
        provisional=pace.provisional(clock.started_at, due_at),
        policy_version=change.policy_version,
        edition=change.edition,
    )
    if due_at == clock.due_at and target == clock.target:
        return Decision(scheduled(known, policy))
    moved = scheduled(replace(known, known_at=change.at), policy)
    return Decision(moved, (_told(clock, moved, change.at, policy, "rebase", change.by, change.reason),))


def _run_through(
    clock: Clock, target: timedelta, pace: Pace, pauses: Sequence[Pause]
) -> tuple[timedelta, datetime, datetime]:
    """Return what is used up of `target`, since when the clock runs or stands still, and when it is or was due."""
    begin, left = clock.started_at, target
    stops = [(since, until) for since, until in pauses if until > clock.started_at]
    if clock.state == "paused":
        stops.append((clock.since, clock.since))
    for since, until in stops:
        stop = max(since, begin)
        due_at = pace.add(begin, left)
        if due_at < stop:
            break
        left -= pace.used(begin, stop)
        if clock.state == "paused" and (since, until) == stops[-1]:
            return target - left, clock.since, due_at
        begin = max(until, begin)
    if clock.state == "paused":  # used up before the customer was waited for: due as soon as the work goes on
        return target, clock.since, pace.add(begin, left)
    return target - left, begin, pace.add(begin, left)


def _told(
    before: Clock, after: Clock, now: datetime, policy: Policy, cause: str, by: str, reason: str
) -> SlaRescheduled:
    return SlaRescheduled(
        **after.tells(now, policy),
        previous_due_at=before.due_at,
        cause=cause,
        by=by,
        reason=reason,
        provisional=after.provisional,
    )
