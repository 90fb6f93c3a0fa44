"""The table: which event tells whom what (R-NT-01, R-NT-02, R-SLA-10, R-FB-03)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import CUSTOMER, Notice
from services.notify.domain.people import assignee_or_supervisor, head, supervisor
from services.notify.domain.progress import write_now
from shared.events import (
    CallbackCompleted,
    Event,
    SlaEscalated,
    SlaWarned,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderConfirmed,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderSigned,
    WorkorderTransferred,
)
from shared.policy import Policy, due


def notices(event: Event, order: WorkOrder | None, policy: Policy) -> tuple[Notice, ...]:
    """Return what `event` gives to tell; `order` is its work order after the event, None where it is not known."""
    rule = _TABLE.get(type(event))
    return tuple(rule(event, order, policy)) if rule else ()


def _opened(event: WorkorderOpened, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    category = policy.categories.get(order.category)
    if category is None or not category.outbound:  # what we planned ourselves needs no receipt
        yield _customer("accepted", order, **_expected(order, order.cutoff_at or order.occurred_at, policy))
    told: dict[str, list[str]] = {}
    if order.grade == "urgent":  # R-SLA-01
        told.setdefault(supervisor(policy, order.department), []).append("urgent")
    if event.sensitive:  # R-RT-05
        told.setdefault(supervisor(policy, policy.service.id), []).append("sensitive")
    if category is not None and category.to_supervisor:
        told.setdefault(supervisor(policy, order.department), [])
    if order.assignee is not None and policy.staff(order.assignee) is not None:
        told.setdefault(order.assignee, [])
    for person, marks in told.items():
        yield _staff("assigned", person, order, marks=marks)


def _assigned(event: WorkorderAssigned, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    if event.by != event.assignee and policy.staff(event.assignee) is not None:
        yield _staff("assigned", event.assignee, order, reason=event.reason)


def _transferred(event: WorkorderTransferred, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    person = supervisor(policy, order.department)
    yield _staff("assigned", person, order, reason=event.reason, from_department=event.from_department)


def _classified(_event: WorkorderClassified, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    if order.cutoff_at is None:  # others come with the batch of the day
        yield _staff("assigned", supervisor(policy, order.department), order)


def _responded(event: WorkorderResponded, order: WorkOrder, _policy: Policy) -> Iterable[Notice]:
    if event.audience == "customer" and event.text.strip():
        yield _customer("progress", order, reply=event.text)


def _resolved(event: WorkorderResolved, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    person = supervisor(policy, order.department)
    if person == event.by:  # nobody signs their own result (R-RT-07)
        person = head(policy, order.department)
    yield _staff("sign_request", person, order, outcome=order.outcome, result=order.result, confirm=False)


def _signed(event: WorkorderSigned, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    if event.confirmation_required:
        person = supervisor(policy, policy.service.id)
        yield _staff("sign_request", person, order, outcome=order.outcome, result=order.result, confirm=True)
    else:
        yield _customer("result", order, outcome=order.outcome, result=order.result)


def _confirmed(_event: WorkorderConfirmed, order: WorkOrder, _policy: Policy) -> Iterable[Notice]:
    yield _customer("result", order, outcome=order.outcome, result=order.result)


def _reopened(event: WorkorderReopened, order: WorkOrder, policy: Policy) -> Iterable[Notice]:
    yield _customer("reopened", order, **_expected(order, event.at, policy))
    person = assignee_or_supervisor(policy, order.department, order.assignee)
    yield _staff("assigned", person, order, reason=event.reason, reopened=True)


def _handed_over(event: WorkorderHandedOver, _order: None, policy: Policy) -> Iterable[Notice]:
    yield Notice(
        "handover",
        "staff",
        supervisor(policy, event.department),
        None,
        {
            "department": event.department,
            "cutoff_at": event.cutoff_at.isoformat(),
            "numbers": list(event.numbers),
            "count": len(event.work_order_ids),
        },
    )


def _warned(event: SlaWarned, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    category = order.category if order else None
    progress = event.metric == "progress_update" and event.subject_type == "workorder"
    if progress and write_now(event, category, policy):
        yield Notice(
            "progress", "customer", CUSTOMER, event.subject_id, {"automatic": True}, f"{event.clock_id}/progress"
        )
    for step in policy.sla.ladder:
        if step.on != "warning" or step.percent != event.percent:
            continue
        people: dict[str, Callable[[], str]] = {
            "assignee": lambda: assignee_or_supervisor(policy, event.department, order.assignee if order else None),
            "supervisor": lambda: supervisor(policy, event.department),
            "head": lambda: head(policy, event.department),
            "manager": lambda: policy.manager.id,
        }
        values = {**_clock(event, order), "percent": event.percent}
        once = f"{event.clock_id}/warning/{event.percent}"
        yield Notice("warning", "staff", people[step.to](), _work_order_id(event), values, once)


def _escalated(event: SlaEscalated, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Tell of a breach; whoever holds two posts hears of the same clock once (R-SLA-10)."""
    if event.step == "assignee":  # told by the warning itself
        return
    person = {
        "supervisor": lambda: supervisor(policy, event.department),
        "head": lambda: head(policy, event.department),
        "manager": lambda: policy.manager.id,
    }[event.step]()
    values = {**_clock(event, order), "step": event.step}
    yield Notice("breach", "staff", person, _work_order_id(event), values, f"{event.clock_id}/breach")


def _completed(event: CallbackCompleted, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    values: dict[str, Any] = _about(order) if order else {}
    values |= {
        "number": event.number,
        "department": event.department,
        "outcome": event.outcome,
        "solved": event.solved,
        "score": event.score,
        "satisfaction": event.satisfaction,
        "comment": event.comment,
        "reopen": event.reopen,
        "second_contact": event.second_contact,
    }
    yield Notice("satisfaction", "staff", supervisor(policy, event.department), event.work_order_id, values)


def _expected(order: WorkOrder, start: datetime, policy: Policy) -> dict[str, Any]:
    """Return when the customer can expect the result, and whether a calendar not yet published decides it (R-SLA-13)."""
    if order.category not in policy.categories or order.department not in policy.departments:
        return {}
    target = policy.target("resolution", order.category, order.grade)  # type: ignore[arg-type]  # a grade of the contract
    if target is None:
        return {}
    calendar = policy.calendar_of(order.department)
    at = due(start, target, calendar)
    return {"expected_at": at.isoformat(), "provisional": target.kind == "business" and calendar.provisional(start, at)}


def _customer(purpose: Any, order: WorkOrder, **values: Any) -> Notice:
    return Notice(purpose, "customer", CUSTOMER, order.work_order_id, {**_about(order), **values})


def _staff(purpose: Any, person: str, order: WorkOrder, **values: Any) -> Notice:
    return Notice(purpose, "staff", person, order.work_order_id, {**_about(order), **values})


def _about(order: WorkOrder) -> dict[str, Any]:
    """Return the work order as it is now: a message that leaves later tells what was true when it was written."""
    return {
        "number": order.number,
        "department": order.department,
        "category": order.category,
        "topic": order.topic,
        "grade": order.grade,
        "cycle": order.cycle,
    }


def _clock(event: SlaWarned | SlaEscalated, order: WorkOrder | None) -> dict[str, Any]:
    about = _about(order) if order else {"department": event.department}
    return about | {"metric": event.metric, "due_at": event.due_at.isoformat()}


def _work_order_id(event: SlaWarned | SlaEscalated) -> str | None:
    return event.subject_id if event.subject_type == "workorder" else None


_TABLE: Mapping[type[Event], Callable[[Any, Any, Policy], Iterable[Notice]]] = {
    WorkorderOpened: _opened,
    WorkorderAssigned: _assigned,
    WorkorderTransferred: _transferred,
    WorkorderClassified: _classified,
    WorkorderResponded: _responded,
    WorkorderResolved: _resolved,
    WorkorderSigned: _signed,
    WorkorderConfirmed: _confirmed,
    WorkorderReopened: _reopened,
    WorkorderHandedOver: _handed_over,
    SlaWarned: _warned,
    SlaEscalated: _escalated,
    CallbackCompleted: _completed,
}
CONSUMED = tuple(_TABLE)
"""The events that give something to tell."""
