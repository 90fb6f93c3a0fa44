"""Values that the tests of feedback are made of; all people are invented."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from services.feedback.domain.callback import Callback
from services.feedback.domain.case import Case
from shared.events import (
    ContactRegistered,
    Event,
    WorkorderCancelled,
    WorkorderClosed,
    WorkorderConfirmed,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderSigned,
    WorkorderStep,
)
from shared.testing.builders import opened_workorder, registered_contact, workorder_step
from shared.testing.clock import MONDAY as MONDAY

T = TypeVar("T", bound=WorkorderStep)

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


def local(text: str) -> datetime:
    """Return the moment of `2026-11-23 10:00` in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def case(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "work_order_id": "w1",
        "number": "XR20261123001",
        "contact_id": "c1",
        "category": "after_sales",
        "topic": "product",
        "department": "market",
        "grade": "normal",
        "cycle": 1,
        "status": "signed",
        "traceparent": TRACE,
    }
    return Case(**values | changes)


def callback(**changes: Any) -> Callback:
    values: dict[str, Any] = {
        "id": "cb1",
        "work_order_id": "w1",
        "kind": "callback",
        "cycle": 1,
        "script": "complaint_after_sales",
        "assignee": None,
        "scheduled_at": MONDAY,
        "due_at": MONDAY,
    }
    return Callback(**values | changes)


def registered(contact_id: str = "c1", **changes: Any) -> ContactRegistered:
    personal = {"honorific": "女士", "text": "我上周买的空调不制冷，要求换货，订单号2024051800123"}
    personal |= changes.pop("personal", {})
    given = {"customer_id": "k1", "details": {"order_no": "2024051800123"}} | changes
    return registered_contact(contact_id, personal=personal, **given)


class Life:
    """Tells the life of one work order, event by event, with its versions and cycles."""

    def __init__(self, key: str = "w1", *, category: str = "after_sales", department: str = "market") -> None:
        self.key = key
        self.category = category
        self.department = department
        self.version = 0
        self.cycle = 1

    def opened(self, **changes: Any) -> WorkorderOpened:
        self.version += 1
        given: dict[str, Any] = {
            "number": f"XR20261123{self.key}",
            "contact_id": f"c-{self.key}",
            "source_id": f"web/shop/{self.key}",
            "category": self.category,
            "topic": None,
            "department": self.department,
        }
        return opened_workorder(self.key, **given | changes)

    def contact(self, **changes: Any) -> ContactRegistered:
        return registered(f"c-{self.key}", **changes)

    def resolved(self, text: str = "已为客户更换新空调", at: datetime = MONDAY) -> WorkorderResolved:
        return self._step(WorkorderResolved, "resolved", at, outcome="resolved", text=text)

    def signed(self, at: datetime = MONDAY, *, confirmation_required: bool = False) -> WorkorderSigned:
        return self._step(WorkorderSigned, "signed", at, confirmation_required=confirmation_required)

    def confirmed(self, at: datetime = MONDAY) -> WorkorderConfirmed:
        return self._step(WorkorderConfirmed, "confirmed", at)

    def reopened(self, at: datetime = MONDAY) -> WorkorderReopened:
        self.cycle += 1
        return self._step(WorkorderReopened, "opened", at, category=self.category, topic=None, grade="normal")

    def closed(self, at: datetime = MONDAY, outcome: str = "resolved") -> WorkorderClosed:
        return self._step(WorkorderClosed, "closed", at, outcome=outcome)

    def cancelled(self, at: datetime = MONDAY) -> WorkorderCancelled:
        return self._step(WorkorderCancelled, "cancelled", at)

    def approved(self) -> list[Event]:
        """Return everything up to the approved result."""
        return [self.contact(), self.opened(), self.resolved(), self.signed()]

    def _step(self, model: type[T], status: str, at: datetime, **more: Any) -> T:
        self.version += 1
        return workorder_step(
            model,
            self.version,
            at,
            work_order_id=self.key,
            number=f"XR20261123{self.key}",
            department=self.department,
            status=status,
            cycle=self.cycle,
            **more,
        )
