"""Which member of staff is meant; a post that nobody fills falls to the manager, so that no alert is lost."""

from collections.abc import Collection

from shared.policy import Policy, Role, Staff


def supervisor(policy: Policy, department: str) -> str:
    """Return the id of the department's supervisor, of the manager for a department that the policy lacks."""
    return policy.supervisor_of(department).id if department in policy.departments else policy.manager.id


def head(policy: Policy, department: str) -> str:
    """Return the id of the department's head, of the manager where there is none."""
    return policy.head_of(department).id if department in policy.departments else policy.manager.id


def assignee_or_supervisor(policy: Policy, department: str, assignee: str | None) -> str:
    """Return the assignee where there is one in the directory, else the department's supervisor."""
    if assignee is not None and policy.staff(assignee) is not None:
        return assignee
    return supervisor(policy, department)


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
