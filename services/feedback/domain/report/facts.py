"""What is done for a work order that its deadlines wait for, as reports measure them (R-FB-05)."""

from typing import Any, Literal

from shared.events import (
    ContactRegistered,
    WorkorderCollaborated,
    WorkorderDelivered,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderStep,
    WorkorderSupplemented,
    WorkorderTransferred,
)

Deed = Literal["told", "noted", "resolved", "asked", "delivered", "completed"]
"""What deadlines wait for: the customer told, colleagues told, a result, help asked for or given, a complete register."""


def contact_fact(event: ContactRegistered) -> dict[str, Any]:
    """Return what reports count of a contact; nothing of it is personal."""
    return {
        "contact_id": event.contact_id,
        "channel": event.channel,
        "agent_id": event.agent_id,
        "at": event.registered_at,
        "missed": event.call.missed if event.call else None,
        "exceeded": list(event.call.exceeded) if event.call else [],
    }


def deed(event: WorkorderStep) -> tuple[Deed, bool] | None:
    """Return what `event` did that a deadline waits for, and whether the owning department did it; None for nothing.

    The same reading as that of the clocks: a colleague's note to colleagues is no answer (R-SLA-01).
    """
    done: tuple[Deed, bool] | None = None
    match event:
        case WorkorderResponded(audience="customer"):
            done = "told", event.by_department == event.department
        case WorkorderResponded() if event.by_department == event.department:
            done = "noted", True
        case WorkorderResolved():
            done = "resolved", True
        case WorkorderCollaborated() | WorkorderTransferred():
            done = "asked", True
        case WorkorderDelivered(declined=False):
            done = "delivered", False
        case WorkorderSupplemented(missing_fields=()):
            done = "completed", False
        case _:
            pass
    return done
