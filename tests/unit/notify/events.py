"""Events as the other services would emit them, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.notify.domain.facts import Contact, WorkOrder, opened
from shared.events import (
    CallbackCompleted,
    ContactRegistered,
    SlaEscalated,
    SlaWarned,
    WorkorderOpened,
    WorkorderStep,
)
from shared.testing.builders import completed_callback, opened_workorder, registered_contact, workorder_step

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
"""Monday 2026-11-23 10:15 in Shanghai, an office day."""
S = TypeVar("S", bound=WorkorderStep)


def registered(contact_id: str = "c1", **changes: Any) -> ContactRegistered:
    personal = {"honorific": "女士", "text": "空调不制冷,要求换货"} | changes.pop("personal", {})
    return registered_contact(contact_id, NOW, personal=personal, **{"customer_id": "k1"} | changes)


def customer(number: int, **changes: Any) -> ContactRegistered:
    """Return a contact of a customer with a phone of their own."""
    return registered(f"c{number}", customer_id=f"k{number}", personal={"phone": f"138{number:08}"}, **changes)


def opening(work_order_id: str = "w1", **changes: Any) -> WorkorderOpened:
    return opened_workorder(work_order_id, NOW, **changes)


def step(kind: type[S], version: int = 2, **changes: Any) -> S:
    return workorder_step(kind, version, NOW, **{"status": "responded"} | changes)


def warned(**changes: Any) -> SlaWarned:
    return SlaWarned(**(_clock() | {"percent": 80} | changes))


def escalated(**changes: Any) -> SlaEscalated:
    return SlaEscalated(**(_clock() | {"step": "supervisor"} | changes))


def completed(**changes: Any) -> CallbackCompleted:
    return completed_callback(NOW, **{"callback_id": "b1"} | changes)


def work_order(**changes: Any) -> WorkOrder:
    return opened(opening(**changes))


def contact(**changes: Any) -> Contact:
    values: dict[str, Any] = {
        "contact_id": "c1",
        "channel": "web",
        "language": "zh",
        "name": "王芳",
        "honorific": "女士",
        "phone": "13800138000",
        "email": None,
        "preferred": None,
        "problem": "空调不制冷",
        "automatic": False,
    }
    return Contact(**(values | changes))


def _clock() -> dict[str, Any]:
    return {
        "clock_id": "k1",
        "subject_type": "workorder",
        "subject_id": "w1",
        "metric": "first_response",
        "cycle": 1,
        "department": "market",
        "due_at": NOW + timedelta(minutes=6),
        "at": NOW,
        "used_seconds": 1440,
    }
