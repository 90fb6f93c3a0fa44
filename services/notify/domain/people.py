"""Which member of staff is meant; a post that nobody fills falls to the manager, so that no alert is lost."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from services.notify.domain.facts import WorkOrder
from shared.policy import Policy, Role, Staff

_SUPERVISOR: Final = re.compile(r"主管|supervisor", re.IGNORECASE)


def supervisor(policy: Policy, department: str) -> str:
    """Return the id of the department's supervisor, of the manager for a department that the policy lacks."""
    return policy.supervisor_of(department).id if department in policy.departments else policy.manager.id


def head(policy: Policy, department: str) -> str:
    """Return the id of the department's head, of the manager where there is none."""
    return policy.head_of(department).id if department in policy.departments else policy.manager.id


def in_charge(policy: Policy, department: str, order: WorkOrder | None) -> str:
    """Return the supervisor of the department; who stands above, where `order` is a complaint about that supervisor."""
    return _free(policy, department, order, ("supervisor", "head"))


def head_in_charge(policy: Policy, department: str, order: WorkOrder | None) -> str:
    """Return the head of the department; the manager, where `order` is a complaint about that head."""
    return _free(policy, department, order, ("head",))


def signer(policy: Policy, order: WorkOrder, by: str) -> str:
    """Return who is asked to sign what `by` resolved: a supervisor, else the head, else the manager (docs/adr/0016)."""
    return _free(policy, order.department, order, ("supervisor", "head"), by)


def is_about(person: str, order: WorkOrder | None, policy: Policy) -> bool:
    """Return whether `order` is a complaint about `person`, by id, by name or as 主管 of their department."""
    category = policy.categories.get(order.category) if order else None
    if order is None or category is None or category.department_from != "employee":
        return False
    if person in order.concerned:
        return True
    known = employee_named(policy, order.employee)
    if known is not None:
        return known.id == person
    called_so = _SUPERVISOR.search(order.employee or "") is not None and not order.concerned
    return called_so and person == supervisor(policy, order.department)


def _free(
    policy: Policy, department: str, order: WorkOrder | None, roles: Sequence[Role], by: str | None = None
) -> str:
    """Return the first in one of `roles` whom `order` is not about and who is not `by`; the manager where there is none."""
    members = policy.members(department)
    ladder = (one.id for role in roles for one in members if one.role == role)
    return next((one for one in ladder if one != by and not is_about(one, order, policy)), policy.manager.id)


def assignee_or_supervisor(policy: Policy, department: str, assignee: str | None, order: WorkOrder | None) -> str:
    """Return the assignee where there is one in the directory, else the department's supervisor."""
    if assignee is not None and policy.staff(assignee) is not None and not is_about(assignee, order, policy):
        return assignee
    return in_charge(policy, department, order)


def employee_named(policy: Policy, named: str | None) -> Staff | None:
    """Return whom an id or a full name of the staff directory names; None for a stranger and where two have the name."""
    if not named:
        return None
    if (known := policy.staff(named)) is not None:
        return known
    same = [one for one in policy.staff_directory.values() if one.name == named]
    return same[0] if len(same) == 1 else None


def above(policy: Policy, person: Staff) -> str:
    """Return the id of the supervisor of `person`; nobody is their own (R-FB-03)."""
    if person.department is None:
        return policy.manager.id
    found = supervisor(policy, person.department)
    return found if found != person.id else head(policy, person.department)


def readers(policy: Policy, roles: Collection[Role], department: str | None = None) -> tuple[str, ...]:
    """Return the ids of all staff in one of `roles`, of one department and above it or of all, each once."""
    return tuple(
        one.id
        for one in policy.staff_directory.values()
        if one.role in roles and (department is None or one.department in {department, None})
    )
