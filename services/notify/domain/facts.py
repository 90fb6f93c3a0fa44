"""What notify remembers of a contact and of a work order, and how events change it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.notify.domain.plain import excerpt, plain
from shared.events import (
    ContactCompleted,
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
from shared.values import frozen, replace

EXCERPT = 40
_RESULT = 2_000
OVER = frozenset({"signed", "confirmed", "called_back", "closed", "cancelled", "merged"})
"""Statuses in which the customer waits for nothing any more."""
SYSTEM = "system"
"""Who does what nobody does by hand."""
_EMPLOYEE = ("employee_id", "employee")
_HANDLE = ("reply_to", "openid")
"""Where an adapter registers how its own channel reaches the customer again."""


@frozen
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
    plain: bool = False
    """Whether the customer prefers simple texts, as many elderly people do (R-IN-11)."""
    employee: str | None = None
    """Id or name of the member of staff whom the customer complains about."""
    completed: bool = False
    """Whether the register was completed: what was known before must not come back (R-IN-04)."""
    handle: str | None = None
    """The customer's address on the channel of the contact, such as an id in a messenger."""
    ready: bool = True
    """False where the completion is known and the contact itself is not yet."""


@frozen
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
    moved: int = 1
    """The version with which the work order came to its department: opened, transferred, classified or reopened."""
    sensitive: bool = False
    concerned: tuple[str, ...] = ()
    """Ids of the staff whom a complaint about staff is against (R-RT-07)."""
    employee: str | None = None
    """Whom the complaint is about in the words of the contact, which may name them later."""
    news: frozenset[str] = frozenset()
    """Marks that the event just applied brought: `urgent`, `sensitive`. Not remembered."""

    @property
    def in_work(self) -> bool:
        """Whether the customer still waits for a result."""
        return self.status not in OVER


def language_of(locale: str) -> str:
    """Return `zh` for any Chinese locale, else `en`."""
    return "zh" if locale.lower().startswith("zh") else "en"


def contact_of(event: ContactRegistered, known: Contact | None = None) -> Contact:
    """Return what is kept of a registered contact; `known` is what a completion that came first has told."""
    language = language_of(event.locale)
    preferred = event.preferred_channel or event.details.get("preferred_channel")
    contact = Contact(
        contact_id=event.contact_id,
        channel=event.channel,
        language=language,
        name=event.personal.name,
        honorific=event.personal.honorific,
        phone=event.personal.phone,
        email=event.personal.email,
        preferred=preferred if isinstance(preferred, str) else None,
        problem=excerpt(event.personal.text, EXCERPT if language == "zh" else 2 * EXCERPT),
        automatic=event.auto_submitted,
        plain=event.plain_language,
        employee=_first(event.details, _EMPLOYEE),
        handle=_first(event.details, _HANDLE),
    )
    if known is None or not known.completed:
        return contact
    return replace(
        contact,
        name=known.name,
        honorific=known.honorific,
        phone=known.phone,
        email=known.email,
        preferred=known.preferred or contact.preferred,
        plain=known.plain or contact.plain,
        employee=known.employee or contact.employee,
        completed=True,
    )


def completed(event: ContactCompleted, known: Contact | None) -> Contact:
    """Return `known` with the address, name and preferences as the completed register has them (R-IN-04, R-IN-11)."""
    if known is None:
        known = Contact(event.contact_id, "", "zh", None, None, None, None, None, "", automatic=False, ready=False)
    return replace(
        known,
        name=event.personal.name,
        honorific=event.personal.honorific,
        phone=event.personal.phone,
        email=event.personal.email,
        preferred=event.preferred_channel or known.preferred,
        plain=event.plain_language or known.plain,
        employee=_first(event.details, _EMPLOYEE) or known.employee,
        completed=True,
    )


def _first(details: Mapping[str, Any], names: Sequence[str]) -> str | None:
    told = (details.get(name) for name in names)
    return next((text for value in told if isinstance(value, str) and (text := plain(value))), None)


def opened(event: WorkorderOpened, employee: str | None = None) -> WorkOrder:
    """Return the work order as it begins; `employee` is whom it complains about in the words of the contact."""
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
        moved=event.version,
        sensitive=event.sensitive,
        concerned=event.concerned,
        employee=employee,
        news=_marks(event.grade, sensitive=event.sensitive),
    )


def after(order: WorkOrder, event: WorkorderStep) -> WorkOrder:
    """Return `order` as `event` leaves it."""
    # What must still be confirmed is no result for the customer, who goes on waiting.
    waits = isinstance(event, WorkorderSigned) and event.confirmation_required
    status = "resolved" if waits else event.status
    before = order
    order = replace(order, department=event.department, status=status, cycle=event.cycle, news=frozenset())
    match event:
        case WorkorderResolved():
            return replace(order, outcome=event.outcome, result=event.text[:_RESULT])
        case WorkorderAssigned():
            return replace(order, assignee=event.assignee)
        case WorkorderTransferred():
            return replace(order, assignee=None, moved=event.version)
        case WorkorderClassified():
            # A completed register is assessed anew by the system; what stays in its department does not arrive there.
            arrives = event.by != SYSTEM or event.department != before.department
            order = replace(order, category=event.category, topic=event.topic, grade=event.grade)
            return replace(
                order,
                cutoff_at=event.cutoff_at,
                moved=event.version if arrives else before.moved,
                sensitive=event.sensitive,
                concerned=event.concerned,
                news=_marks(event.grade, sensitive=event.sensitive) - _marks(before.grade, sensitive=before.sensitive),
            )
        case WorkorderReopened():
            order = replace(order, moved=event.version)
            return replace(order, category=event.category, topic=event.topic, grade=event.grade)
        case _:
            return order


def _marks(grade: str, *, sensitive: bool) -> frozenset[str]:
    return frozenset(mark for mark, holds in (("urgent", grade == "urgent"), ("sensitive", sensitive)) if holds)
