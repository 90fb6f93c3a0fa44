"""Who may ask for a step (R-RT-07). Every rule returns None for yes, or the sentence that says who may instead.

A manager stands above the departments and may do what their supervisors may, except confirming, and signing where
somebody of the department can.
"""

from services.routing.domain.concerned import about_staff
from services.routing.domain.signing import free_of, recorded
from services.routing.domain.workorder import WorkOrder
from shared.policy import Policy, Staff


def anyone(_work_order: WorkOrder, _caller: Staff, _policy: Policy) -> str | None:
    """Allow everybody in the staff directory."""
    return None


def owner_or_service(work_order: WorkOrder, caller: Staff, policy: Policy) -> str | None:
    """Allow the owning department, the service centre, and managers."""
    if caller.role == "manager" or caller.department in {work_order.department, policy.service.id}:
        return None
    return f"only {_either(work_order, policy)} may do this with {work_order.number}"


def owner(work_order: WorkOrder, caller: Staff, _policy: Policy) -> str | None:
    """Allow the owning department and managers."""
    if caller.role == "manager" or caller.department == work_order.department:
        return None
    return f"only {work_order.department} may do this with {work_order.number}"


def involved(work_order: WorkOrder, caller: Staff, policy: Policy) -> str | None:
    """Allow the owning department, the service centre, departments asked to collaborate, and managers."""
    if caller.department in work_order.collaborators:
        return None
    refused = owner_or_service(work_order, caller, policy)
    return refused and f"only {_either(work_order, policy)}, or who collaborates, may resolve {work_order.number}"


def signatory(work_order: WorkOrder, caller: Staff, policy: Policy) -> str | None:
    """Allow the supervisors of the owning department, and who stands in where they are barred (docs/adr/0016).

    Of a complaint about staff the head and the manager pass as well: the step looks into whom it concerns.
    """
    if caller.role == "supervisor" and caller.department == work_order.department:
        return None
    above = caller.role == "manager" or (caller.role == "head" and caller.department == work_order.department)
    if above and about_staff(work_order, policy):
        return None
    if caller.id in free_of(work_order.department, recorded(work_order), policy):
        return None
    return f"only a supervisor of {work_order.department} may sign {work_order.number}"


def service_only(work_order: WorkOrder, caller: Staff, policy: Policy) -> str | None:
    """Allow the service centre, and nobody else."""
    if caller.department == policy.service.id:
        return None
    return f"only {policy.service.id} may confirm {work_order.number}"


def _either(work_order: WorkOrder, policy: Policy) -> str:
    return " or ".join(dict.fromkeys((work_order.department, policy.service.id)))
