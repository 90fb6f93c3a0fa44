"""A work order comes to somebody: opened, assigned, transferred, classified, reopened, handed over (R-NT-01, R-NT-02)."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from services.notify.domain.facts import SYSTEM, WorkOrder
from services.notify.domain.notice import Notice
from services.notify.domain.people import assignee_or_supervisor, head_in_charge, in_charge, supervisor
from services.notify.domain.rules.about import arrival, customer, expected, staff
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
    told = _marked(order, order.news, policy)
    if category is not None and category.to_supervisor:
        told.setdefault(in_charge(policy, order.department, order), [])
    for person, marks in told.items():
        yield staff("assigned", person, order, arrival(order), marks=marks)
    if event.queue != "triage":  # where the category is only a suggestion yet
        yield from _reported(order, told, policy)


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

    What turns out to be sensitive is copied to the service supervisor as if it had been so from the beginning. What was
    assessed anew where it is brings only what was not known before.
    """
    arrives = order.moved == event.version
    known = {"urgent"} if arrives and order.grade == "urgent" else set()
    told = _marked(order, order.news | known, policy)
    if arrives and order.cutoff_at is None:
        told.setdefault(in_charge(policy, order.department, order), [])
    for person, marks in told.items():
        yield staff("assigned", person, order, arrival(order) if arrives else None, marks=marks)
    if arrives:  # only a person decides that it is an emergency
        yield from _reported(order, told, policy)


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


def _marked(order: WorkOrder, marks: Collection[str], policy: Policy) -> dict[str, list[str]]:
    """Return who must know of what is urgent (R-SLA-01) or sensitive (R-RT-05), each with the marks that concern them."""
    told: dict[str, list[str]] = {}
    for mark, department in (("urgent", order.department), ("sensitive", policy.service.id)):
        if mark in marks:
            told.setdefault(in_charge(policy, department, order), []).append(mark)
    return told


def _reported(order: WorkOrder, told: Collection[str], policy: Policy) -> Iterable[Notice]:
    """Report an emergency inside the house, to the service centre and up to the manager, each once (section 3)."""
    if order.category not in policy.notify.quiet_hours.exempt_categories:
        return
    service = policy.service.id
    people = (in_charge(policy, service, order), head_in_charge(policy, service, order), policy.manager.id)
    for person in dict.fromkeys(people):
        if person not in told:
            yield staff("assigned", person, order, f"{order.work_order_id}/emergency", marks=["urgent"])
