"""Which member of staff is meant; a post that nobody fills falls to the manager, so that no alert is lost."""

from shared.policy import Policy


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
