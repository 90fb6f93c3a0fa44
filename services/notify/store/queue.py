"""The queue: notices in, claims of what is due, outcomes, and what a crash left behind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Text, any_, bindparam, exists, func, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.facts import Contact, WorkOrder
from services.notify.store.presence import alive
from services.notify.store.tables import contacts, notifications, work_orders
from shared.db import insert_rows, update_rows
from shared.events import Purpose

LEASE = timedelta(seconds=60)
_IDS = bindparam("ids", type_=ARRAY(Text))


@dataclass(frozen=True, slots=True)
class Queued:
    """One notification of the queue, with what is known of its work order and contact."""

    notification_id: str
    cause_id: str
    purpose: Purpose
    audience: str
    recipient: str
    work_order_id: str | None
    values: Mapping[str, Any]
    traceparent: str
    channel: str | None
    transport: str | None
    to_masked: str | None
    route: int
    attempt: int
    tries: int
    work_order: WorkOrder | None = None
    contact: Contact | None = None


_OWN = [notifications.c[field.name] for field in fields(Queued) if field.name in notifications.c]
_ORDER = [work_orders.c[field.name].label(f"w_{field.name}") for field in fields(WorkOrder)]
_CONTACT = [contacts.c[field.name].label(f"c_{field.name}") for field in fields(Contact)]


async def enqueue(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add notifications; one whose id is there already was told of before and is left alone (R-NT-04)."""
    await insert_rows(connection, notifications, rows, ignore_conflicts=True)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Queued]:
    """Lock and return notifications whose time has come, those longest due first."""
    query = (
        _with_facts()
        .where(notifications.c.state == text("'queued'"), notifications.c.next_attempt_at <= now)
        .order_by(notifications.c.next_attempt_at)
        .limit(limit)
        .with_for_update(of=notifications, skip_locked=True)
    )
    return [_queued(row) for row in await connection.execute(query)]


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Return when the next queued notification is due."""
    query = select(func.min(notifications.c.next_attempt_at)).where(notifications.c.state == text("'queued'"))
    found: datetime | None = await connection.scalar(query)
    return found


async def claim(connection: AsyncConnection, owner: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Mark notifications as in the hands of `owner` for the length of the lease."""
    if not rows:
        return
    until = (await connection.execute(select(func.clock_timestamp() + LEASE))).scalar_one()
    claimed = [{**row, "state": "sending", "claimed_by": owner, "lease_until": until} for row in rows]
    await save(connection, claimed)


async def save(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the given columns of the notifications."""
    await update_rows(connection, notifications, rows, key="notification_id")


async def still_mine(connection: AsyncConnection, owner: int, ids: Collection[str]) -> set[str]:
    """Lock and return those of the notifications that `owner` still holds."""
    query = (
        select(notifications.c.notification_id)
        .where(notifications.c.notification_id == any_(_IDS))
        .where(notifications.c.state == text("'sending'"), notifications.c.claimed_by == owner)
        .order_by(notifications.c.notification_id)
        .with_for_update()
    )
    return set(await connection.scalars(query, {"ids": list(ids)}))


async def abandoned(connection: AsyncConnection, limit: int) -> list[Queued]:
    """Lock and return claimed notifications whose sender is gone, or has held them longer than its lease."""
    query = (
        _with_facts()
        .where(notifications.c.state == text("'sending'"))
        .where(or_(notifications.c.lease_until < func.clock_timestamp(), notifications.c.claimed_by.not_in(alive())))
        .order_by(notifications.c.lease_until)
        .limit(limit)
        .with_for_update(of=notifications, skip_locked=True)
    )
    return [_queued(row) for row in await connection.execute(query)]


async def release(
    connection: AsyncConnection, now: datetime, *, orders: Collection[str], customers: Collection[str]
) -> int:
    """Queue what waited for one of these work orders or contacts to become known; return how many that were."""
    of_contact = select(work_orders.c.work_order_id).where(
        work_orders.c.contact_id == any_(bindparam("customers", type_=ARRAY(Text))),
        work_orders.c.work_order_id == notifications.c.work_order_id,
    )
    statement = (
        update(notifications)
        .where(notifications.c.state == text("'waiting'"))
        .where(or_(notifications.c.work_order_id == any_(_IDS), exists(of_contact)))
        .values(state=literal("queued"), next_attempt_at=now)
    )
    result = await connection.execute(statement, {"ids": list(orders), "customers": list(customers)})
    return result.rowcount


async def release_ready(connection: AsyncConnection, now: datetime) -> None:
    """Queue whatever waited and has its facts by now: they were written while it was put to wait."""
    ready = (
        select(work_orders.c.work_order_id)
        .join(contacts, contacts.c.contact_id == work_orders.c.contact_id)
        .where(work_orders.c.work_order_id == notifications.c.work_order_id)
    )
    await connection.execute(
        update(notifications)
        .where(notifications.c.state == text("'waiting'"), exists(ready))
        .values(state=literal("queued"), next_attempt_at=now)
    )


def _with_facts() -> Select[Any]:
    return (
        select(*_OWN, *_ORDER, *_CONTACT)
        .select_from(notifications)
        .outerjoin(work_orders, work_orders.c.work_order_id == notifications.c.work_order_id)
        .outerjoin(contacts, contacts.c.contact_id == work_orders.c.contact_id)
    )


def _queued(row: Row[Any]) -> Queued:
    cells = row._mapping  # noqa: SLF001 (SQLAlchemy's public name)
    order = WorkOrder(**{field.name: cells[f"w_{field.name}"] for field in fields(WorkOrder)})
    contact = Contact(**{field.name: cells[f"c_{field.name}"] for field in fields(Contact)})
    return Queued(
        **{column.name: cells[column.name] for column in _OWN},
        work_order=order if cells["w_work_order_id"] is not None else None,
        contact=contact if cells["c_contact_id"] is not None else None,
    )
