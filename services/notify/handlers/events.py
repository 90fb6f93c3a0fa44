"""A batch of events -> what is remembered of contacts and work orders, and notifications in the queue."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
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
        contacts = await self._contacts(tx, batch)
        ids = {key for item in batch if (key := _work_order_id(item.data)) is not None}
        orders = await facts.load_work_orders(tx.connection, ids)
        employees = await self._employees(tx, batch)
        changed: set[str] = set()
        rows: dict[str, dict[str, Any]] = {}
        for item in batch:
            order = _apply(orders, changed, item.data, employees)
            for notice in notices(item.data, order, self._policy):
                row = self._row(notice, item.message, order, tx.now)
                rows.setdefault(row["notification_id"], row)
        new = [item.data.work_order_id for item in batch if isinstance(item.data, WorkorderOpened)]
        await facts.save_work_orders(tx.connection, [orders[key] for key in changed], new)
        ready = 0
        if rows and not (self._at_once and await self._at_once.take(tx, rows, orders, contacts)):
            await queue.enqueue(tx.connection, [rows[key] for key in sorted(rows)])
            ready = sum(row["next_attempt_at"] <= tx.now for row in rows.values())
        if new or contacts:
            ready += await queue.release(tx.connection, tx.now, orders=new, customers=sorted(contacts))
        completes = [item.data.contact_id for item in batch if isinstance(item.data, ContactCompleted)]
        if completes:
            ready += await queue.revive(tx.connection, tx.now, completes)
        for item in batch:
            if self._reported is not None and isinstance(item.data, ContactSetAside):
                await self._reported(tx, item.data)
        self._nudge(ready)

    async def _contacts(self, tx: Transaction, batch: Sequence[Incoming]) -> dict[str, Contact]:
        """Remember what the batch tells of contacts and return them as they are now."""
        told = [item.data for item in batch if isinstance(item.data, ContactRegistered | ContactCompleted)]
        known = await facts.load_contacts(tx.connection, {event.contact_id for event in told})
        fresh = {event.contact_id for event in told} - known.keys()
        for event in told:
            earlier = known.get(event.contact_id)
            if isinstance(event, ContactCompleted):
                known[event.contact_id] = completed(event, earlier)
            else:
                known[event.contact_id] = contact_of(event, earlier)
        await facts.save_contacts(tx.connection, known.values(), fresh)
        return known

    async def _employees(self, tx: Transaction, batch: Sequence[Incoming]) -> dict[str, str | None]:
        """Return by contact whom the complaints about staff that open in the batch are about: they are not told of it."""
        ids = {
            item.data.contact_id
            for item in batch
            if isinstance(item.data, WorkorderOpened)
            and (category := self._policy.categories.get(item.data.category)) is not None
            and category.department_from == "employee"
        }
        return {key: contact.employee for key, contact in (await facts.load_contacts(tx.connection, ids)).items()}

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


def _apply(
    orders: dict[str, WorkOrder], changed: set[str], event: Event, employees: Mapping[str, str | None]
) -> WorkOrder | None:
    """Return the work order that `event` is about, as the event leaves it."""
    if isinstance(event, WorkorderOpened):
        orders[event.work_order_id] = replace(opened(event), employee=employees.get(event.contact_id))
        changed.add(event.work_order_id)
    key = _work_order_id(event)
    order = orders.get(key) if key is not None else None
    if order is not None and isinstance(event, WorkorderStep):
        order = orders[order.work_order_id] = after(order, event)
        changed.add(order.work_order_id)
    return order


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
