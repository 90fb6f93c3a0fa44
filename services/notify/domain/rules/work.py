"""What happens to a work order in hand: answers, results, signatures, collaboration (R-NT-02, R-RT-07, R-RT-09)."""

from collections.abc import Iterable

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import Notice
from services.notify.domain.people import assignee_or_supervisor, in_charge, is_about, signer, supervisor
from services.notify.domain.rules.about import customer, staff
from shared.events import (
    WorkorderCollaborated,
    WorkorderConfirmed,
    WorkorderContacted,
    WorkorderDelivered,
    WorkorderEscalated,
    WorkorderMerged,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderReturned,
    WorkorderSigned,
)
from shared.policy import Policy


def responded(event: WorkorderResponded, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Give the customer the answer; of some categories, see that what is said inside is passed on at once."""
    if not event.text.strip():
        return
    if event.audience == "customer":
        yield customer("progress", order, reply=event.text)
        return
    category = policy.categories.get(order.category)
    if category is not None and category.progress_relay is not None and event.by_department == order.department:
        person = supervisor(policy, policy.service.id)
        if person != event.by:
            yield staff("progress", person, order, kind="relay", reply=event.text)


def resolved(event: WorkorderResolved, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Ask for the signature of whoever has to sign; nobody signs their own result (R-RT-07)."""
    person = signer(policy, order, event.by)
    yield staff("sign_request", person, order, outcome=order.outcome, result=order.result, confirm=False)


def returned(event: WorkorderReturned, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell whoever has the work order why it was not signed."""
    person = assignee_or_supervisor(policy, order.department, order.assignee, order)
    if person != event.by:
        yield staff("assigned", person, order, kind="returned", reason=event.reason)


def signed(event: WorkorderSigned, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the customer the result, or the service supervisor that it must be confirmed first."""
    if event.confirmation_required:
        person = supervisor(policy, policy.service.id)
        yield staff("sign_request", person, order, outcome=order.outcome, result=order.result, confirm=True)
    else:
        yield from _result(order, policy)


def confirmed(_event: WorkorderConfirmed, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the customer the result."""
    yield from _result(order, policy)


def _result(order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the result; of what we planned ourselves there is none to tell, for the call that follows is the care itself."""
    category = policy.categories.get(order.category)
    if category is None or not category.outbound:
        yield customer("result", order, outcome=order.outcome, result=order.result)


def merged(event: WorkorderMerged, order: WorkOrder, _policy: Policy) -> Iterable[Notice]:
    """Tell the customer under which number the matter goes on."""
    yield customer("progress", order, kind="merged", into_number=event.into_number)


def contacted(_event: WorkorderContacted, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell whoever has the work order that its customer wrote again; the customer was told of its acceptance (R-NT-01)."""
    person = assignee_or_supervisor(policy, order.department, order.assignee, order)
    yield staff("progress", person, order, kind="contacted")


def collaborated(event: WorkorderCollaborated, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell the supervisor of the department that is asked what is wanted, and by when (R-RT-09)."""
    yield staff(
        "assigned",
        in_charge(policy, event.with_department, order),
        order,
        kind="collaboration",
        from_department=order.department,
        deliverable=event.deliverable,
        due_at=event.due_at.isoformat(),
    )


def delivered(event: WorkorderDelivered, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Tell whoever has the work order what the other department gave, or why it declined (R-RT-09)."""
    person = assignee_or_supervisor(policy, order.department, order.assignee, order)
    yield staff(
        "progress",
        person,
        order,
        kind="delivery",
        from_department=event.by_department,
        declined=event.declined,
        reply=event.text,
    )


def escalated(event: WorkorderEscalated, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    """Call the supervisor for a caller who declines a callback (R-IN-10); clocks tell of themselves."""
    if event.metric != "call":
        return
    people = [one for one in event.to if policy.staff(one) is not None and not is_about(one, order, policy)]
    for person in people or [in_charge(policy, policy.service.id, order)]:
        yield staff("breach", person, order, kind="call", reason=event.reason)
