"""Clocks that run out: whoever is next on the ladder, and the customer before it is too late (R-SLA-04, R-SLA-10)."""

from collections.abc import Iterable
from typing import Any, Final

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import CUSTOMER, Notice
from services.notify.domain.people import assignee_or_supervisor, head_in_charge, in_charge, supervisor
from services.notify.domain.progress import write_now
from services.notify.domain.rules.about import about
from shared.events import SlaEscalated, SlaStep, SlaWarned
from shared.policy import Policy

_BY_SERVICE: Final = frozenset({"callback", "customer_reply"})
"""Clocks of the owning department that only an agent of `service` can still keep (R-RT-07)."""


def warned(event: SlaWarned, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Give the customer a word in time, and the assignee the warning."""
    yield from _word(event, order, policy)
    for step in policy.sla.ladder:
        if step.on != "warning" or step.percent != event.percent:
            continue
        values = {**_clock(event, order), "percent": event.percent}
        once = f"{event.clock_id}/warning/{event.percent}"
        yield Notice("warning", "staff", _person(step.to, event, order, policy), _work_order_id(event), values, once)


def escalated(event: SlaEscalated, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Tell of a breach; whoever holds two posts hears of the same clock once (R-SLA-10)."""
    if event.step == "assignee":  # told by the warning itself
        return
    values = {**_clock(event, order), "step": event.step}
    person = _person(event.step, event, order, policy)
    yield Notice("breach", "staff", person, _work_order_id(event), values, f"{event.clock_id}/breach")


def _word(event: SlaWarned, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Tell the customer that the matter is in work: every day, and by the time that somebody promised (R-RT-10)."""
    if event.subject_type != "workorder" or event.metric not in {"progress_update", "promise"}:
        return
    category = order.category if order else None
    if not write_now(event, category, policy):
        return
    values: dict[str, Any] = {"automatic": True}
    if event.metric == "promise":
        values |= {"kind": "promise", "due_at": event.due_at.isoformat()}
    yield Notice("progress", "customer", CUSTOMER, event.subject_id, values, f"{event.clock_id}/progress")


def _person(step: str, event: SlaStep, order: WorkOrder | None, policy: Policy) -> str:
    match step:
        case "supervisor":
            return in_charge(policy, event.department, order)
        case "head":
            return head_in_charge(policy, event.department, order)
        case "manager":
            return policy.manager.id
        case _:
            return _concerned(event, order, policy)


def _concerned(event: SlaStep, order: WorkOrder | None, policy: Policy) -> str:
    """Return who can still keep the deadline: the agent who is away, the assignee, or the supervisor of who was asked."""
    if event.subject_type == "agent":
        return event.subject_id if policy.staff(event.subject_id) else supervisor(policy, event.department)
    department = policy.service.id if event.metric in _BY_SERVICE else event.department
    theirs = order is not None and order.department == department
    return assignee_or_supervisor(policy, department, order.assignee if order and theirs else None, order)


def _clock(event: SlaStep, order: WorkOrder | None) -> dict[str, Any]:
    values = about(order) if order else {}
    values |= {"department": event.department, "metric": event.metric, "due_at": event.due_at.isoformat()}
    if event.metric == "agent_away":
        values |= {"kind": "away", "agent": event.subject_id}
    return values


def _work_order_id(event: SlaStep) -> str | None:
    return event.subject_id if event.subject_type == "workorder" else None
