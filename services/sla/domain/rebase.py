"""The explicit move of one work order's clocks onto the policy in force (R-SLA-12)."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.sla.domain.clock import Clock, Decision
from services.sla.domain.pace import pace_of
from services.sla.domain.plan import DUE_AT_A_TIME, UNPAUSED
from services.sla.domain.renew import Rebase, rebase
from services.sla.domain.subject import Subject, targets_of
from shared.policy import Metric, Policy
from shared.values import replace


@dataclass(frozen=True, slots=True)
class Rebased:
    """A work order under the policy in force, and what became of its clocks."""

    subject: Subject
    decisions: tuple[Decision, ...]


def rebase_work_order(
    subject: Subject, clocks: Iterable[Clock], metric: Metric | None, change: Rebase, policy: Policy
) -> Rebased:
    """Move the clocks of `subject` that run or stand still, and the targets of those that start later.

    With a `metric`, only its clocks. What is due at a time of its own, and a clock that the policy has no target for
    any more, stays. A clock whose work order is moved also takes warnings and ladder from the policy in force.
    """
    if subject.category is None or subject.category not in policy.categories or subject.grade is None:
        return Rebased(subject, ())
    promised = targets_of(subject.category, subject.grade, policy)
    if metric is None:
        after = replace(subject, targets=promised, policy_version=change.policy_version)
    else:
        kept = {name: target for name, target in subject.targets.items() if name != metric}
        after = replace(subject, targets=kept | {name: t for name, t in promised.items() if name == metric})
    decisions: list[Decision] = []
    for clock in clocks:
        if clock.subject_type != "workorder" or clock.metric in DUE_AT_A_TIME or metric not in {None, clock.metric}:
            continue
        target = promised.get("resolution" if clock.metric == "rework" else clock.metric)
        if target is None or clock.department not in policy.departments:
            continue
        pauses = () if clock.metric in UNPAUSED else subject.pauses
        pace = pace_of(target, clock.department, policy)
        decision = rebase(clock, target.timedelta, pace, pauses, change, policy)
        if decision.clock != clock:
            decisions.append(decision)
    return Rebased(after, tuple(decisions))
