"""Which member of staff is meant; a post that nobody fills falls to the manager, so that no alert is lost."""

import re
from collections.abc import Collection
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
    """Return the supervisor of the department; its head, where `order` is a complaint about that supervisor."""
    person = supervisor(policy, department)
    return head(policy, department) if is_about(person, order, policy) else person


def head_in_charge(policy: Policy, department: str, order: WorkOrder | None) -> str:
    """Return the head of the department; the manager, where `order` is a complaint about that head."""
    person = head(policy, department)
    return policy.manager.id if is_about(person, order, policy) else person


def is_about(person: str, order: WorkOrder | None, policy: Policy) -> bool:
    """Return whether `order` is a complaint about `person`, by id, by name or as 主管 of their department."""
    category = policy.categories.get(order.category) if order else None
    if order is None or category is None or category.department_from != "employee" or not order.employee:
        return False
    known = employee_named(policy, order.employee)
    if known is not None:
        return known.id == person
    return _SUPERVISOR.search(order.employee) is not None and person == supervisor(policy, order.department)


def signer(policy: Policy, order: WorkOrder, by: str) -> str:
    """Return who is asked to sign what `by` resolved: a supervisor of the department, else its head (R-RT-07)."""
    person = in_charge(policy, order.department, order)
    if person != by:
        return person
    members = policy.members(order.department) if order.department in policy.departments else ()
    others = [one.id for one in members if one.role == "supervisor" and one.id != by]
    free = [one for one in others if not is_about(one, order, policy)]
    return free[0] if free else head_in_charge(policy, order.department, order)


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
