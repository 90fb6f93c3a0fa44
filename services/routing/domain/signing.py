"""Who signs a result (R-RT-07): a supervisor of the owning department, and another than who recorded it.

Decided where the handbook leaves it open (docs/adr/0016): where every supervisor of the department is barred, because they
recorded the result or the complaint is about them, the head signs in their place; where there is none, or they are
barred as well, the manager. Nobody else ever does.
"""

from collections.abc import Collection

from services.routing.domain.concerned import concerned
from services.routing.domain.matter import Matter
from services.routing.domain.workorder import WorkOrder
from shared.policy import Policy, Staff


def signers(work_order: WorkOrder, matter: Matter | None, policy: Policy) -> tuple[str, ...]:
    """Return the ids of those who may sign the result of `work_order`."""
    barred = concerned(work_order, matter, policy) | recorded(work_order)
    return free_of(work_order.department, barred, policy)


def free_of(department: str, barred: Collection[str], policy: Policy) -> tuple[str, ...]:
    """Return the lowest of supervisors, heads and manager in which somebody is not barred; nobody where all are."""
    members = policy.members(department)
    supervisors = [one for one in members if one.role == "supervisor"]
    heads = [one for one in members if one.role == "head"]
    ladder: tuple[list[Staff], ...] = (supervisors, heads, [policy.manager])
    return next((free for step in ladder if (free := tuple(one.id for one in step if one.id not in barred))), ())


def recorded(work_order: WorkOrder) -> frozenset[str]:
    """Return who recorded the result, which is never theirs to sign."""
    return frozenset((work_order.resolved_by,)) if work_order.resolved_by else frozenset()
