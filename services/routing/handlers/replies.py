"""What the desks of routing have in common: whom they answer, and what every reply tells of its work order."""

from collections.abc import Iterable
from typing import Any

from services.routing.domain.lifecycle import stranger
from services.routing.domain.workorder import WorkOrder, invalid
from services.routing.handlers.problems import problem_of
from shared.events import Command, Fault, Problem, refuse
from shared.policy import Policy


def unreadable(command: Command, policy: Policy) -> Problem | None:
    """Refuse strangers, and texts with a zero character, which PostgreSQL cannot keep."""
    if policy.staff(command.by) is None:
        return problem_of(stranger(command.by))
    for name, value in command:
        if any("\0" in text for text in _texts(value)):
            return problem_of(invalid(name, f"The field {name} holds a character that cannot be stored."))
    return None


def summary(work_order: WorkOrder) -> dict[str, Any]:
    """Return what every reply tells of its work order."""
    return {
        "work_order_id": work_order.id,
        "number": work_order.number,
        "status": work_order.status,
        "version": work_order.version,
        "cycle": work_order.cycle,
        "department": work_order.department,
    }


def unknown(field: str, value: str) -> Problem:
    """Refuse a command about a work order that does not exist."""
    detail = f"There is no work order with the {field} {value[:64]}."
    fault = Fault(field, "names no work order")
    return refuse(404, "unknown-work-order", "There is no such work order", detail, (fault,))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (one for one in value if isinstance(one, str)) if isinstance(value, tuple) else ()
