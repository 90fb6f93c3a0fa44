"""A work order comes to somebody: opened, assigned, transferred, classified, reopened, handed over (R-NT-01, R-NT-02)."""

from collections.abc import Iterable
from dataclasses import replace

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import Notice
from services.notify.domain.people import assignee_or_supervisor, in_charge, supervisor
from services.notify.domain.rules.about import SYSTEM, arrival, customer, expected, staff
from shared.events import (
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderTransferred,
)
from shared.policy import Policy


def opened(event: WorkorderOpened, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the customer that the matter is accepted, and supervisors of what is urgent, sensitive or theirs to take."""
    category = policy.categories.get(order.category)
    if category is None or not category.outbound:  # what we planned ourselves needs no receipt
        when = expected(order, order.cutoff_at or order.occurred_at, policy)
        yield customer("accepted", order, **when, missing=list(event.missing_fields))
    told: dict[str, list[str]] = {}
    if order.grade == "urgent":  # R-SLA-01
        told.setdefault(in_charge(policy, order.department, order), []).append("urgent")
    if event.sensitive:  # R-RT-05
        told.setdefault(in_charge(policy, policy.service.id, order), []).append("sensitive")
    if category is not None and category.to_supervisor:
        told.setdefault(in_charge(policy, order.department, order), [])
    for person, marks in told.items():
        yield staff("assigned", person, order, arrival(order), marks=marks)


def assigned(event: WorkorderAssigned, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the assignee: once, where the assignment follows by itself from an arrival that they were told of.

    What waits for the batch of the day is told when the batch is handed over (R-RT-03).
    """
    if event.by == event.assignee or policy.staff(event.assignee) is None:
        return
    automatic = event.by == SYSTEM
    notice = staff(
        "assigned",
        event.assignee,
        order,
        arrival(order) if automatic else None,
        reason=None if automatic else event.reason,
        reopened=automatic and order.cycle > 1,
    )
    waits = automatic and order.cutoff_at is not None and order.cutoff_at > event.at
    yield replace(notice, not_before=order.cutoff_at) if waits else notice


def transferred(event: WorkorderTransferred, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the supervisor of the new department why it comes."""
    person = in_charge(policy, order.department, order)
    yield staff("assigned", person, order, arrival(order), reason=event.reason, from_department=event.from_department)


def classified(event: WorkorderClassified, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the supervisor of the department, unless they hear of it with the batch of the day, and who must know.

    What turns out to be sensitive is copied to the service supervisor as if it had been so from the beginning.
    """
    told: dict[str, list[str]] = {}
    if order.grade == "urgent":  # R-SLA-01
        told.setdefault(in_charge(policy, order.department, order), []).append("urgent")
    if event.sensitive:  # R-RT-05
        told.setdefault(in_charge(policy, policy.service.id, order), []).append("sensitive")
    if order.cutoff_at is None:
        told.setdefault(in_charge(policy, order.department, order), [])
    for person, marks in told.items():
        yield staff("assigned", person, order, arrival(order), marks=marks)


def reopened(event: WorkorderReopened, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the customer that the matter is taken up again, and whoever has it in hand why."""
    yield customer("reopened", order, **expected(order, event.at, policy))
    person = assignee_or_supervisor(policy, order.department, order.assignee, order)
    yield staff("assigned", person, order, arrival(order), reason=event.reason, reopened=True)


def handed_over(event: WorkorderHandedOver, _order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Tell the supervisor the numbers of the batch (R-RT-03)."""
    values = {
        "department": event.department,
        "cutoff_at": event.cutoff_at.isoformat(),
        "numbers": list(event.numbers),
        "count": len(event.work_order_ids),
    }
    yield Notice("handover", "staff", supervisor(policy, event.department), None, values)
