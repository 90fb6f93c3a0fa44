"""A batch of events -> what is remembered of contacts and work orders, and notifications in the queue."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.notify.domain.facts import Contact, WorkOrder, after, completed, contact_of, opened
from services.notify.domain.notice import Notice
from services.notify.domain.quiet import earliest
from services.notify.domain.rules import notices
from services.notify.domain.urgency import urgency
from services.notify.handlers.at_once import AtOnce
from services.notify.store import facts, queue
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    CallbackCompleted,
    ContactCompleted,
    ContactRegistered,
    ContactSetAside,
    Event,
    Message,
    SlaEscalated,
    SlaWarned,
    SurveyIssued,
    WorkorderOpened,
    WorkorderStep,
)
from shared.ids import derived_id
from shared.policy import Policy
from shared.values import replace

Reported = Callable[[Transaction, ContactSetAside], Awaitable[None]]


class EventHandler:
    """Turns events into notifications; `nudge` tells the sender how many to expect when the transaction commits.

    Without `at_once` every notification goes by way of the queue.
    """

    def __init__(
        self,
        policy: Policy,
        nudge: Callable[[int], None],
        at_once: AtOnce | None = None,
        reported: Reported | None = None,
    ) -> None:
        """Take who is told of notifications, and of what mails that came to us say of ours."""
        self._policy = policy
        self._nudge = nudge
        self._at_once = at_once
        self._reported = reported

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Apply the batch in order; each event tells each recipient each thing once, however often it comes."""
        events = [item.data for item in batch]
        new = [event for event in events if isinstance(event, WorkorderOpened)]
        told = [event for event in events if isinstance(event, ContactRegistered | ContactCompleted)]
        customers = {event.contact_id for event in told}
        known = await facts.load(tx.connection, customers | {event.contact_id for event in new}, _known_before(events))
        fresh = customers - known.contacts.keys()
        contacts = _heard(known.contacts, told)
        await facts.save_contacts(tx.connection, [contacts[key] for key in customers], fresh)
        orders = {key: _with_employee(order, contacts, customers) for key, order in known.orders.items()}
        changed: set[str] = set()
        rows: dict[str, dict[str, Any]] = {}
        for item in batch:
            order = self._apply(orders, changed, item.data, contacts)
            for notice in notices(item.data, order, self._policy):
                row = self._row(notice, item.message, order, tx.now)
                rows.setdefault(row["notification_id"], row)
        opened_now = [event.work_order_id for event in new]
        await facts.save_work_orders(tx.connection, [orders[key] for key in changed], opened_now)
        ready = 0
        outlook = await self._at_once.look(tx, rows) if self._at_once else None
        if outlook and self._at_once:
            await self._at_once.take(tx, outlook, rows, orders, contacts)
        elif rows:
            await queue.enqueue(tx.connection, [rows[key] for key in sorted(rows)])
            ready = sum(row["next_attempt_at"] <= tx.now for row in rows.values())
        if (new or told) and (outlook is None or outlook.waiting):
            ready += await queue.release(tx.connection, tx.now, orders=opened_now, customers=sorted(customers))
        completes = [event.contact_id for event in told if isinstance(event, ContactCompleted)]
        if completes:
            ready += await queue.revive(tx.connection, tx.now, completes)
        for event in events:
            if self._reported is not None and isinstance(event, ContactSetAside):
                await self._reported(tx, event)
        self._nudge(ready)

    def _apply(
        self, orders: dict[str, WorkOrder], changed: set[str], event: Event, contacts: Mapping[str, Contact]
    ) -> WorkOrder | None:
        """Return the work order that `event` is about, as the event leaves it."""
        key = _work_order_id(event)
        if key is None:
            return None
        if isinstance(event, WorkorderOpened):
            order = opened(event, self._employee(event, contacts))
        else:
            known = orders.get(key)
            if known is None or not isinstance(event, WorkorderStep):
                return known
            order = after(known, event)
        orders[key] = order
        changed.add(key)
        return order

    def _employee(self, event: WorkorderOpened, contacts: Mapping[str, Contact]) -> str | None:
        """Return whom a complaint about staff is about: they are not told of it."""
        category = self._policy.categories.get(event.category)
        about_staff = category is not None and category.department_from == "employee"
        contact = contacts.get(event.contact_id) if about_staff else None
        return contact.employee if contact is not None else None

    def _row(self, notice: Notice, cause: Message[Event], order: WorkOrder | None, now: datetime) -> dict[str, Any]:
        once = notice.once or cause.key
        category = order.category if order else None
        at = max(now, notice.not_before or now)
        return {
            "notification_id": derived_id(once, notice.purpose, notice.audience, notice.recipient),
            "cause_id": cause.id,
            "purpose": notice.purpose,
            "audience": notice.audience,
            "recipient": notice.recipient,
            "work_order_id": notice.work_order_id,
            "values": notice.values,
            "traceparent": cause.trace,
            "state": "queued",
            "urgency": urgency(notice, order, self._policy),
            "spent": [],
            "route": 0,
            "attempt": 0,
            "tries": 0,
            "created_at": now,
            "next_attempt_at": earliest(at, notice.audience, notice.purpose, category, self._policy),
        }


def _heard(known: Mapping[str, Contact], told: Iterable[ContactRegistered | ContactCompleted]) -> dict[str, Contact]:
    """Return the contacts as they are after what was `told` of them."""
    contacts = dict(known)
    for event in told:
        earlier = contacts.get(event.contact_id)
        if isinstance(event, ContactCompleted):
            contacts[event.contact_id] = completed(event, earlier)
        else:
            contacts[event.contact_id] = contact_of(event, earlier)
    return contacts


def _known_before(events: Iterable[Event]) -> set[str]:
    """Return the work orders that `events` are about and do not open first."""
    ids: set[str] = set()
    opened_now: set[str] = set()
    for event in events:
        key = _work_order_id(event)
        if isinstance(event, WorkorderOpened):
            opened_now.add(event.work_order_id)
        elif key is not None and key not in opened_now:
            ids.add(key)
    return ids


def _with_employee(order: WorkOrder, contacts: Mapping[str, Contact], told: Collection[str]) -> WorkOrder:
    """Return `order` with whom it is about in the words of its contact, which may have named them only now."""
    return replace(order, employee=contacts[order.contact_id].employee) if order.contact_id in told else order


def _work_order_id(event: Event) -> str | None:
    match event:
        case WorkorderOpened() | WorkorderStep() | CallbackCompleted() | SurveyIssued():
            return event.work_order_id
        case SlaWarned() | SlaEscalated() if event.subject_type == "workorder":
            return event.subject_id
        case _:
            return None


def consumed(more: Iterable[type[Event]]) -> tuple[type[Event], ...]:
    """Return the events that the service consumes: what gives something to tell, and whom to tell it."""
    return (ContactRegistered, ContactCompleted, ContactSetAside, *more)
