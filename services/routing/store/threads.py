"""Which messages belong to which work order, and which contacts joined one instead of opening their own (ADR 0040)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Column, DateTime, Index, Integer, Table, Text, any_, bindparam, column, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.joining import MOST_MERGINGS, Earlier, Target
from services.routing.store.tables import metadata, work_orders
from shared.db import insert_rows
from shared.events import ContactRegistered

messages: Final = Table(
    "messages",
    metadata,
    Column(
        "customer_id", Text, primary_key=True
    ),  # a message id is its sender's word: it counts for this customer only
    Column("message_id", Text, primary_key=True),
    Column("work_order_id", Text, nullable=False),
    Index("messages_of_work_order", "work_order_id"),
)
joined_contacts: Final = Table(
    "joined_contacts",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("work_order_id", Text, nullable=False),
    Column("version", Integer, nullable=False),  # the step that tells of it
    Column("joined_at", DateTime(timezone=True), nullable=False),
    Index("joined_contacts_of_work_order", "work_order_id"),
)
_IDS: Final = bindparam("ids", type_=ARRAY(Text))
_TARGET: Final = select(
    work_orders.c.id,
    work_orders.c.number,
    work_orders.c.customer_id,
    work_orders.c.status,
    work_orders.c.category,
    work_orders.c.sensitive,
    work_orders.c.merged_into,
)
_TARGETS: Final = _TARGET.where(
    or_(work_orders.c.id == any_(_IDS), work_orders.c.number == any_(bindparam("numbers", type_=ARRAY(Text))))
)


async def earlier(connection: AsyncConnection, contacts: Iterable[ContactRegistered]) -> Earlier:
    """Return what is known of the messages and numbers to which `contacts` refer."""
    threads = [(one.customer_id, one.thread) for one in contacts if one.thread is not None]
    pairs = sorted({(customer, answer) for customer, thread in threads for answer in thread.answers})
    numbers = {number for _, thread in threads for number in thread.numbers}
    by_message = await _of_messages(connection, pairs) if pairs else {}
    targets = await _targets(connection, set(by_message.values()), numbers)
    for _ in range(MOST_MERGINGS):
        more = {one.merged_into for one in targets.values() if one.merged_into is not None} - targets.keys()
        if not more:
            break
        targets |= await _targets(connection, more, ())
    return Earlier(by_message, {one.number: one.id for one in targets.values()}, targets)


async def remember_messages(connection: AsyncConnection, rows: Sequence[tuple[ContactRegistered, str]]) -> None:
    """Note the work order that each contact's own message belongs to, so that an answer to it finds it."""
    written = [
        {"customer_id": contact.customer_id, "message_id": contact.thread.message_id, "work_order_id": work_order_id}
        for contact, work_order_id in rows
        if contact.thread is not None and contact.thread.message_id
    ]
    await insert_rows(connection, messages, written, ignore_conflicts=True)


async def join(connection: AsyncConnection, rows: Sequence[tuple[str, str, int]], now: datetime) -> None:
    """Note which contacts joined which work order, and with which of its versions."""
    names = ("contact_id", "work_order_id", "version")
    written: list[Mapping[str, Any]] = [dict(zip(names, row, strict=True)) | {"joined_at": now} for row in rows]
    await insert_rows(connection, joined_contacts, written)


async def contacts_of(connection: AsyncConnection, work_order_ids: Collection[str]) -> list[str]:
    """Return the ids of the contacts that joined these work orders."""
    query = select(joined_contacts.c.contact_id).where(joined_contacts.c.work_order_id == any_(_IDS))
    return list(await connection.scalars(query, {"ids": sorted(work_order_ids)}))


async def _of_messages(connection: AsyncConnection, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    arrays = bindparam("customers", type_=ARRAY(Text)), bindparam("messages", type_=ARRAY(Text))
    given = func.unnest(*arrays).table_valued(column("customer_id", Text), column("message_id", Text)).render_derived()
    query = select(messages).join(
        given, (messages.c.customer_id == given.c.customer_id) & (messages.c.message_id == given.c.message_id)
    )
    rows = await connection.execute(query, {"customers": [a for a, _ in pairs], "messages": [b for _, b in pairs]})
    return {(row.customer_id, row.message_id): row.work_order_id for row in rows}


async def _targets(connection: AsyncConnection, ids: Collection[str], numbers: Collection[str]) -> dict[str, Target]:
    if not ids and not numbers:
        return {}
    rows = await connection.execute(_TARGETS, {"ids": sorted(ids), "numbers": sorted(numbers)})
    return {row.id: Target(*row) for row in rows}
