"""What notify remembers of a contact and of a work order, and how events change it."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.plain import excerpt
from shared.events import (
    ContactRegistered,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderSigned,
    WorkorderStep,
    WorkorderTransferred,
)

EXCERPT = 40
_RESULT = 2_000
_OVER = frozenset({"signed", "confirmed", "called_back", "closed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to tell: the details that the customer volunteered, and an excerpt of what they wrote."""

    contact_id: str
    channel: str
    language: str
    name: str | None
    honorific: str | None
    phone: str | None
    email: str | None
    preferred: str | None
    problem: str
    automatic: bool


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A work order as far as messages tell of it."""

    work_order_id: str
    number: str
    contact_id: str
    category: str
    topic: str | None
    grade: str
    department: str
    status: str
    cycle: int
    assignee: str | None
    outcome: str | None
    result: str
    occurred_at: datetime
    cutoff_at: datetime | None

    @property
    def in_work(self) -> bool:
        """Whether the customer still waits for a result."""
        return self.status not in _OVER


def language_of(locale: str) -> str:
    """Return `zh` for any Chinese locale, else `en`."""
    return "zh" if locale.lower().startswith("zh") else "en"


def contact_of(event: ContactRegistered) -> Contact:
    """Return what is kept of a registered contact."""
    preferred = event.details.get("preferred_channel")
    return Contact(
        contact_id=event.contact_id,
        channel=event.channel,
        language=language_of(event.locale),
        name=event.personal.name,
        honorific=event.personal.honorific,
        phone=event.personal.phone,
        email=event.personal.email,
        preferred=preferred if isinstance(preferred, str) else None,
        problem=excerpt(event.personal.text, EXCERPT if language_of(event.locale) == "zh" else 2 * EXCERPT),
        automatic=bool(event.details.get("auto_submitted")),
    )


def opened(event: WorkorderOpened) -> WorkOrder:
    """Return the work order as it begins."""
    return WorkOrder(
        work_order_id=event.work_order_id,
        number=event.number,
        contact_id=event.contact_id,
        category=event.category,
        topic=event.topic,
        grade=event.grade,
        department=event.department,
        status="opened",
        cycle=event.cycle,
        assignee=event.assignee,
        outcome=None,
        result="",
        occurred_at=event.occurred_at,
        cutoff_at=event.cutoff_at,
    )


def after(order: WorkOrder, event: WorkorderStep) -> WorkOrder:
    """Return `order` as `event` leaves it."""
    # What must still be confirmed is no result for the customer, who goes on waiting.
    waits = isinstance(event, WorkorderSigned) and event.confirmation_required
    status = "resolved" if waits else event.status
    order = replace(order, department=event.department, status=status, cycle=event.cycle)
    match event:
        case WorkorderResolved():
            return replace(order, outcome=event.outcome, result=event.text[:_RESULT])
        case WorkorderAssigned():
            return replace(order, assignee=event.assignee)
        case WorkorderTransferred():
            return replace(order, assignee=None)
        case WorkorderClassified():
            return replace(
                order, category=event.category, topic=event.topic, grade=event.grade, cutoff_at=event.cutoff_at
            )
        case WorkorderReopened():
            return replace(order, category=event.category, topic=event.topic, grade=event.grade)
        case _:
            return order
