"""Events as the other services would emit them, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.notify.domain.facts import Contact, WorkOrder, opened
from shared.events import (
    CallbackCompleted,
    ContactRegistered,
    Personal,
    SlaEscalated,
    SlaWarned,
    WorkorderOpened,
    WorkorderStep,
)

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
"""Monday 2026-11-23 10:15 in Shanghai, an office day."""
S = TypeVar("S", bound=WorkorderStep)


def registered(contact_id: str = "c1", **changes: Any) -> ContactRegistered:
    personal = {"name": "王芳", "honorific": "女士", "phone": "13800138000", "text": "空调不制冷,要求换货"}
    personal |= changes.pop("personal", {})
    values: dict[str, Any] = {
        "contact_id": contact_id,
        "channel": "web",
        "source_id": f"web/shop/{contact_id}",
        "customer_id": "k1",
        "occurred_at": NOW,
        "registered_at": NOW,
        "personal": Personal(**personal),
    }
    return ContactRegistered(**(values | changes))


def opening(work_order_id: str = "w1", **changes: Any) -> WorkorderOpened:
    values: dict[str, Any] = {
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
        "policy_version": "1+0",
        "occurred_at": NOW,
        "opened_at": NOW,
    }
    return WorkorderOpened(**(values | changes))


def step(kind: type[S], version: int = 2, **changes: Any) -> S:
    values: dict[str, Any] = {
        "work_order_id": "w1",
        "number": "XR20261123001",
        "department": "market",
        "status": "responded",
        "version": version,
        "cycle": 1,
        "by": "market-1",
        "at": NOW,
    }
    return kind(**(values | changes))


def warned(**changes: Any) -> SlaWarned:
    return SlaWarned(**(_clock() | {"percent": 80} | changes))


def escalated(**changes: Any) -> SlaEscalated:
    return SlaEscalated(**(_clock() | {"step": "supervisor"} | changes))


def completed(**changes: Any) -> CallbackCompleted:
    values: dict[str, Any] = {
        "callback_id": "b1",
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
        "at": NOW,
        "due_at": NOW,
    }
    return CallbackCompleted(**(values | changes))


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
