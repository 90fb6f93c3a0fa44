"""What the rules have in common: the facts of a work order, and notices to its customer and to staff."""

from datetime import datetime
from typing import Any

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import CUSTOMER, Notice
from shared.events import Purpose
from shared.policy import Policy, due


def customer(purpose: Purpose, order: WorkOrder, **values: Any) -> Notice:
    """Return a notice to the customer of `order`."""
    return Notice(purpose, "customer", CUSTOMER, order.work_order_id, about(order) | values)


def staff(purpose: Purpose, person: str, order: WorkOrder, once: str | None = None, **values: Any) -> Notice:
    """Return a notice about `order` to a member of staff."""
    return Notice(purpose, "staff", person, order.work_order_id, about(order) | values, once)


def about(order: WorkOrder) -> dict[str, Any]:
    """Return the work order as it is now: a message that leaves later tells what was true when it was written."""
    return {
        "number": order.number,
        "department": order.department,
        "category": order.category,
        "topic": order.topic,
        "grade": order.grade,
        "cycle": order.cycle,
    }


def arrival(order: WorkOrder) -> str:
    """Return what names the arrival of `order` in its department: whoever is concerned in two ways hears of it once."""
    return f"{order.work_order_id}/arrival/{order.moved}"


def expected(order: WorkOrder, start: datetime, policy: Policy) -> dict[str, Any]:
    """Return when the customer can expect the result, and whether a calendar not yet published decides it (R-SLA-13)."""
    if order.category not in policy.categories or order.department not in policy.departments:
        return {}
    target = policy.target("resolution", order.category, order.grade)  # type: ignore[arg-type]  # a grade of the contract
    if target is None:
        return {}
    calendar = policy.calendar_of(order.department)
    at = due(start, target, calendar)
    return {"expected_at": at.isoformat(), "provisional": target.kind == "business" and calendar.provisional(start, at)}
