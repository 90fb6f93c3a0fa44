"""Who may do what with callbacks and knowledge (R-RT-07, R-FB-04)."""

from services.feedback.domain.callback import Kind
from services.feedback.domain.refusal import Refusal, forbidden
from shared.policy import Policy, Staff


def may_call(staff: Staff, kind: Kind, department: str, policy: Policy) -> Refusal | None:
    """Return why `staff` may not make such a call about a work order of `department`; None where they may.

    Callbacks are made by `service` (R-RT-07), the second contact by the supervisor of the department or of `service`.
    """
    service = policy.service.id
    if kind == "callback":
        if staff.department == service:
            return None
        return forbidden(f"Only {service} calls customers back; {staff.id} belongs to {_of(staff)}.")
    if staff.role == "supervisor" and staff.department in {department, service}:
        return None
    return forbidden(
        f"A second contact is made by the supervisor of {department} or of {service}; "
        f"{staff.id} is {staff.role} of {_of(staff)}."
    )


def may_review(staff: Staff) -> Refusal | None:
    """Return why `staff` may not publish or retire knowledge; None for a supervisor (R-FB-04)."""
    if staff.role == "supervisor":
        return None
    return forbidden(f"Only a supervisor reviews knowledge; {staff.id} is {staff.role} of {_of(staff)}.")


def _of(staff: Staff) -> str:
    return staff.department or "the management"
