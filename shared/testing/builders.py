"""Events as the services emit them, with whatever a test does not care about filled in; all people are invented."""

from datetime import datetime
from typing import Any, TypeVar

from shared.events import CallbackCompleted, ContactRegistered, Personal, WorkorderOpened, WorkorderStep
from shared.ids import new_id
from shared.testing.clock import MONDAY

S = TypeVar("S", bound=WorkorderStep)


def registered_contact(contact_id: str | None = None, at: datetime = MONDAY, **changes: Any) -> ContactRegistered:
    """Return a registered contact, by default one of a customer of its own; `personal` changes single values."""
    key = contact_id or new_id()
    personal = {"name": "王芳", "phone": "13800138000", "text": "我上周买的空调不制冷,要求换货"}
    given: dict[str, Any] = {
        "contact_id": key,
        "channel": "web",
        "source_id": f"web/shop/{key}",
        "customer_id": f"customer-{key}",
        "occurred_at": at,
        "registered_at": at,
        "personal": Personal(**personal | changes.pop("personal", {})),
    }
    return ContactRegistered(**given | changes)


def opened_workorder(work_order_id: str = "w1", at: datetime = MONDAY, **changes: Any) -> WorkorderOpened:
    """Return an opened work order of the market department, about a product."""
    given: dict[str, Any] = {
        "work_order_id": work_order_id,
        "number": "XR20261123001",
        "contact_id": "c1",
        "source_id": "web/shop/c1",
        "customer_id": "k1",
        "channel": "web",
        "category": "after_sales",
        "topic": "product",
        "grade": "normal",
        "sensitive": False,
        "department": "market",
        "queue": "department",
        "classified_by": "rules",
        "confidence": 0.9,
        "policy_version": "test",
        "occurred_at": at,
        "opened_at": at,
    }
    return WorkorderOpened(**given | changes)


def workorder_step(model: type[S], version: int, at: datetime = MONDAY, **changes: Any) -> S:
    """Return a later step of the work order `w1`, the `version`th of its life."""
    given: dict[str, Any] = {
        "work_order_id": "w1",
        "number": "XR20261123001",
        "department": "market",
        "status": "opened",
        "version": version,
        "cycle": 1,
        "by": "market-1",
        "at": at,
    }
    return model(**given | changes)


def completed_callback(at: datetime = MONDAY, **changes: Any) -> CallbackCompleted:
    """Return a callback of the work order `w1` that reached a satisfied customer."""
    given: dict[str, Any] = {
        "callback_id": new_id(),
        "work_order_id": "w1",
        "number": "XR20261123001",
        "cycle": 1,
        "department": "market",
        "outcome": "reached",
        "solved": True,
        "score": 9,
        "satisfaction": "satisfied",
        "reopen": False,
        "second_contact": False,
        "by": "service-1",
        "at": at,
        "due_at": at,
    }
    return CallbackCompleted(**given | changes)
