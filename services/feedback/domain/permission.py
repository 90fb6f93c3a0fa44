"""Who may do what with callbacks, knowledge and customers (R-RT-07, R-FB-04, R-FB-08)."""

from collections.abc import Iterable

from services.feedback.domain.refusal import Refusal, forbidden
from shared.events import CallbackKind
from shared.policy import Policy, Staff


def may_call(
    staff: Staff, kind: CallbackKind, department: str, policy: Policy, assignee: str | None = None
) -> Refusal | None:
    """Return why `staff` may not make such a call about a work order of `department`; None where they may.

    Callbacks and return calls are made by `service` (R-RT-07), the second contact by the supervisor of the department or of `service`,
    or by whom it was given to before the work order went elsewhere (`assignee`).
    """
    service = policy.service.id
    if kind != "supervisor_contact":
        if staff.department == service:
            return None
        return forbidden(f"Only {service} calls customers back; {staff.id} belongs to {_of(staff)}.")
    if staff.id == assignee or (staff.role == "supervisor" and staff.department in {department, service}):
        return None
    return forbidden(
        f"A second contact is made by the supervisor of {department} or of {service}; "
        f"{staff.id} is {staff.role} of {_of(staff)}."
    )


def may_see_customer(staff: Staff, departments: Iterable[str], policy: Policy) -> Refusal | None:
    """Return why `staff` may not see a customer who has to do with `departments`; None where they may (R-FB-08).

    The service centre and whoever leads see every customer, the others those of their own department's work orders.
    """
    if staff.department == policy.service.id or staff.role != "agent" or staff.department in set(departments):
        return None
    return forbidden(f"This customer has nothing to do with {_of(staff)}; {policy.service.id} can look for you.")


def may_review(staff: Staff) -> Refusal | None:
    """Return why `staff` may not publish or retire knowledge; None for a supervisor (R-FB-04)."""
    if staff.role == "supervisor":
        return None
    return forbidden(f"Only a supervisor reviews knowledge; {staff.id} is {staff.role} of {_of(staff)}.")


def _of(staff: Staff) -> str:
    return staff.department or "the management"
