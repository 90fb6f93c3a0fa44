"""The queue: notices in, claims of what is due, outcomes, and what a crash left behind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Row,
    Select,
    SmallInteger,
    Text,
    and_,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.facts import OVER, Contact, WorkOrder
from services.notify.domain.recipients import INVALID, UNKNOWN
from services.notify.domain.urgency import FIRST, LATER, USUAL
from services.notify.store.facts import order_of
from services.notify.store.presence import alive
from services.notify.store.tables import contacts, notifications, work_orders
from shared.db import Prepared, fetch, insert_new, update_rows
from shared.events import Purpose
from shared.values import frozen

LEASE = timedelta(seconds=60)
_IDS = bindparam("ids", type_=ARRAY(Text))
_LEVELS = (
    text(f"SELECT urgency FROM (VALUES ({FIRST}), ({USUAL}), ({LATER})) AS given(urgency)")
    .columns(column("urgency", SmallInteger))
    .subquery("levels")  # SQLAlchemy's own `values()` would be compiled anew at every turn
)
"""Each level is looked up by itself, at the near end of the index; one scan over all would pass what waits for a night."""
_FIRST = (
    select(notifications.c.next_attempt_at)
    .where(notifications.c.state == text("'queued'"), notifications.c.urgency == _LEVELS.c.urgency)
    .order_by(notifications.c.next_attempt_at)
    .limit(1)
    .lateral("first")
)
_NEXT = select(func.min(_FIRST.c.next_attempt_at)).select_from(_LEVELS.join(_FIRST, true())).scalar_subquery()
_IN_A_LEASE = func.clock_timestamp() + LEASE
_LEASE_END = Prepared(select(_IN_A_LEASE))
_FOLLOWING = Prepared(select(_NEXT))
_OUTLOOK = Prepared(
    select(
        _IN_A_LEASE,
        _NEXT,
        select(literal(1)).where(notifications.c.state == text("'waiting'")).exists(),
        func.array(
            select(notifications.c.notification_id)
            .where(notifications.c.notification_id == any_(_IDS))
            .scalar_subquery()
        ),
    )
)


_OWNED = and_(
    notifications.c.notification_id == any_(_IDS),
    notifications.c.state == text("'sending'"),
    notifications.c.claimed_by == bindparam("owner", type_=BigInteger),
)
_MINE = Prepared(
    select(notifications.c.notification_id).where(_OWNED).order_by(notifications.c.notification_id).with_for_update()
)
_SENT = Prepared(
    text(
        f"UPDATE {notifications.fullname} AS target SET state = 'sent', reason = NULL, reference = given.reference, "
        "next_attempt_at = CAST(:now AS timestamptz), settled_at = CAST(:now AS timestamptz), "
        "claimed_by = NULL, lease_until = NULL "
        "FROM unnest(CAST(:ids AS text[]), CAST(:references AS text[])) AS given(id, reference) "
        "WHERE target.notification_id = given.id AND target.state = 'sending' AND target.claimed_by = :owner "
        "RETURNING target.notification_id"
    )
)


@frozen
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
    spent: Sequence[str]
    attempt: int
    tries: int
    urgency: int
    state: str
    receipt: str | None
    work_order: WorkOrder | None = None
    contact: Contact | None = None


_OWN = [notifications.c[field.name] for field in fields(Queued) if field.name in notifications.c]
_OF_ORDER = [field.name for field in fields(WorkOrder) if field.name in work_orders.c]
_ORDER = [work_orders.c[name].label(f"w_{name}") for name in _OF_ORDER]
_CONTACT = [contacts.c[field.name].label(f"c_{field.name}") for field in fields(Contact)]


async def enqueue(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add notifications; one whose id is there already was told of before and is left alone (R-NT-04)."""
    await insert_new(connection, notifications, rows, key="notification_id")


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Queued]:
    """Lock and return notifications whose time has come: the most urgent first, of equal ones those longest due."""
    found = (
        select(*_OWN, notifications.c.next_attempt_at)
        .where(notifications.c.state == text("'queued'"), notifications.c.urgency == _LEVELS.c.urgency)
        .where(notifications.c.next_attempt_at <= now)
        .order_by(notifications.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .lateral("found")
    )
    own = [found.c[column.name] for column in _OWN]
    query = (
        select(*own, *_ORDER, *_CONTACT)
        .select_from(_LEVELS.join(found, true()))
        .outerjoin(work_orders, work_orders.c.work_order_id == found.c.work_order_id)
        .outerjoin(contacts, and_(contacts.c.contact_id == work_orders.c.contact_id, contacts.c.ready))
        .order_by(found.c.urgency, found.c.next_attempt_at)
        .limit(limit)
    )
    return [_queued(row) for row in await connection.execute(query)]


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Return when the next queued notification is due."""
    found: datetime | None = (await fetch(connection, _FOLLOWING))[0][0]
    return found


async def insert(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Add notifications as they are, and return the ids of those that were not there (R-NT-04)."""
    return await insert_new(connection, notifications, rows, key="notification_id")


async def claim(connection: AsyncConnection, owner: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Mark notifications as in the hands of `owner` for the length of the lease, with the given columns."""
    if not rows:
        return
    ((until,),) = await fetch(connection, _LEASE_END)
    claimed = [{**row, "state": "sending", "claimed_by": owner, "lease_until": until} for row in rows]
    await save(connection, claimed)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What whoever has something new to tell must know of the queue."""

    lease_until: datetime
    """The end of a lease that begins now."""
    following: datetime | None
    """When the next queued notification is due."""
    waiting: bool
    """Whether one waits for its work order or contact to become known."""
    there: frozenset[str]
    """The ids of what was told before."""


async def outlook(connection: AsyncConnection, ids: Collection[str]) -> Outlook:
    """Return how the queue stands, and which of the notifications `ids` it has."""
    ((lease_until, following, waiting, there),) = await fetch(connection, _OUTLOOK, {"ids": list(ids)})
    return Outlook(lease_until, following, waiting, frozenset(there))


async def save(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the given columns of the notifications."""
    await update_rows(connection, notifications, rows, key="notification_id")


async def locked(connection: AsyncConnection, notification_id: str) -> Queued | None:
    """Lock and return one notification; None where there is no such."""
    found = await of_message(connection, notification_id, None)
    return next((one for one in found if one.notification_id == notification_id), None)


async def of_message(connection: AsyncConnection, notification_id: str | None, provider_id: str | None) -> list[Queued]:
    """Lock and return what the message of that name brought, all of it; the name is ours or the provider's.

    A message without a name of the provider's goes by the id of the notification.
    """
    if provider_id is not None:
        named = or_(notifications.c.reference == provider_id, notifications.c.notification_id == provider_id)
    else:
        named = notifications.c.notification_id == notification_id
    query = _with_facts().where(named).order_by(notifications.c.notification_id).with_for_update(of=notifications)
    return [_queued(row) for row in await connection.execute(query)]


async def states(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Return the states of the notifications by their ids."""
    query = select(notifications.c.notification_id, notifications.c.state)
    rows = await connection.execute(query.where(notifications.c.notification_id == any_(_IDS)), {"ids": list(ids)})
    return {row[0]: row[1] for row in rows}


async def still_mine(connection: AsyncConnection, owner: int, ids: Collection[str]) -> set[str]:
    """Lock and return those of the notifications that `owner` still holds."""
    return {row[0] for row in await fetch(connection, _MINE, {"ids": list(ids), "owner": owner})}


async def sent(
    connection: AsyncConnection, owner: int, references: Mapping[str, str | None], now: datetime
) -> set[str]:
    """Record that notifications left, by what the provider calls each; return those of them that `owner` still held."""
    if not references:
        return set()
    given = {"ids": list(references), "references": list(references.values()), "owner": owner, "now": now}
    return {row[0] for row in await fetch(connection, _SENT, given)}


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


async def revive(connection: AsyncConnection, now: datetime, customers: Collection[str]) -> int:
    """Queue what those contacts could not be told for want of an address and still want to know; return how many.

    That is the result, and as long as the matter is in work the number that it has.
    """
    useful = or_(
        notifications.c.purpose == "result",
        and_(notifications.c.purpose == "accepted", work_orders.c.status.not_in(OVER)),
    )
    theirs = select(work_orders.c.work_order_id).where(
        work_orders.c.contact_id == any_(_IDS), work_orders.c.work_order_id == notifications.c.work_order_id, useful
    )
    statement = (
        update(notifications)
        .where(notifications.c.state == "suppressed", notifications.c.audience == "customer")
        .where(notifications.c.reason.in_([UNKNOWN, INVALID]), exists(theirs))
        .values(state="queued", next_attempt_at=now, settled_at=None)
    )
    return (await connection.execute(statement, {"ids": list(customers)})).rowcount


async def release_ready(connection: AsyncConnection, now: datetime) -> None:
    """Queue whatever waited and has its facts by now: they were written while it was put to wait."""
    ready = (
        select(work_orders.c.work_order_id)
        .join(contacts, and_(contacts.c.contact_id == work_orders.c.contact_id, contacts.c.ready))
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
        .outerjoin(contacts, and_(contacts.c.contact_id == work_orders.c.contact_id, contacts.c.ready))
    )


def _queued(row: Row[Any]) -> Queued:
    cells = row._mapping  # noqa: SLF001 (SQLAlchemy's public name)
    order = order_of({name: cells[f"w_{name}"] for name in _OF_ORDER})
    contact = Contact(**{field.name: cells[f"c_{field.name}"] for field in fields(Contact)})
    return Queued(
        **{column.name: cells[column.name] for column in _OWN},
        work_order=order if cells["w_work_order_id"] is not None else None,
        contact=contact if cells["c_contact_id"] is not None else None,
    )
