"""Order per work order, across replicas and redeliveries.

Every event of a work order carries a gapless `version`. A service applies the next one; a later one is parked
until the gap closes, an earlier one has been applied already and is dropped.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Row, Table, Text, any_, bindparam, delete
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningDelete

from shared.bus.tables import RuntimeTables
from shared.bus.transaction import Delivery, Incoming
from shared.db import insert_rows
from shared.events import Malformed, WorkorderOpened, WorkorderStep, decode_event

_IDS = bindparam("ids", type_=ARRAY(Text))


@cache
def _take(parked: Table) -> ReturningDelete[Any]:
    """Return the statement that takes what is parked of work orders; made once, as it is wanted for every batch."""
    return delete(parked).where(parked.c.work_order_id == any_(_IDS)).returning(parked)


async def in_order(
    connection: AsyncConnection, tables: RuntimeTables, incoming: Sequence[Incoming], *, release: bool = True
) -> list[Incoming]:
    """Return what may be applied now, in an order that respects every work order's versions.

    Events without a version keep their place. Afterwards the versions returned count as applied and the events
    that came too early are parked; the parked ones whose turn has come are among those returned, unless `release`
    is off.
    """
    versioned = [item for item in incoming if isinstance(item.data, WorkorderOpened | WorkorderStep)]
    if not versioned:
        return list(incoming)
    ids = sorted({item.data.work_order_id for item in versioned})
    applied = await _applied(connection, tables, ids)
    waiting = await _unpark(connection, tables, ids) if release else defaultdict(dict)
    for item in versioned:
        if item.data.version > applied[item.data.work_order_id]:
            waiting[item.data.work_order_id].setdefault(item.data.version, item)
    ready: list[Incoming] = []
    for item in incoming:
        if not isinstance(item.data, WorkorderOpened | WorkorderStep):
            ready.append(item)
            continue
        work_order_id = item.data.work_order_id
        while (following := waiting[work_order_id].pop(applied[work_order_id] + 1, None)) is not None:
            applied[work_order_id] += 1
            ready.append(following)
    await _save(connection, tables, {key: applied[key] for key in ids}, waiting)
    return ready


async def _applied(connection: AsyncConnection, tables: RuntimeTables, ids: Sequence[str]) -> dict[str, int]:
    """Return the last version applied of each work order, 0 for a new one; the rows stay locked until the commit."""
    rows = [{"work_order_id": key, "version": 0} for key in ids]
    found = await insert_rows(
        connection, tables.versions, rows, lock_on=("work_order_id",), returning=("work_order_id", "version")
    )
    return {row.work_order_id: row.version for row in found}


async def _unpark(
    connection: AsyncConnection, tables: RuntimeTables, ids: Sequence[str]
) -> defaultdict[str, dict[int, Incoming]]:
    taken: defaultdict[str, dict[int, Incoming]] = defaultdict(dict)
    for row in await connection.execute(_take(tables.parked), {"ids": list(ids)}):
        message = decode_event(row.body)
        if message is not None:
            taken[row.work_order_id][row.version] = Incoming(message, _delivery(row))
    return taken


async def next_parked(
    connection: AsyncConnection, tables: RuntimeTables, work_order_id: str, *, applied: bool = True
) -> list[Incoming]:
    """Return the one parked event whose turn it is, now unparked, or nothing; it counts as `applied` or not."""
    last = (await _applied(connection, tables, [work_order_id]))[work_order_id]
    parked = tables.parked
    query = (
        delete(parked).where(parked.c.work_order_id == work_order_id, parked.c.version == last + 1).returning(parked)
    )
    row = (await connection.execute(query)).one_or_none()
    message = decode_event(row.body) if row is not None else None
    if row is None or message is None:
        return []
    if applied:
        await _save(connection, tables, {work_order_id: row.version}, {})
    return [Incoming(message, _delivery(row))]


async def skip_version(connection: AsyncConnection, tables: RuntimeTables, body: bytes) -> bool:
    """Count the event in `body` as applied if it is the next one of its work order; return whether it was.

    For an event that is given up: the later ones need not wait for it any more, and go on with the next that comes.
    """
    try:
        message = decode_event(body)
    except Malformed:
        return False
    if message is None or not isinstance(message.data, WorkorderOpened | WorkorderStep):
        return False
    key, version = message.data.work_order_id, message.data.version
    if (await _applied(connection, tables, [key]))[key] != version - 1:
        return False
    await _save(connection, tables, {key: version}, {})
    return True


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(row.stream, row.sequence, row.subject, row.body)


async def _save(
    connection: AsyncConnection,
    tables: RuntimeTables,
    applied: dict[str, int],
    waiting: dict[str, dict[int, Incoming]],
) -> None:
    rows = [{"work_order_id": key, "version": version} for key, version in applied.items()]
    await insert_rows(connection, tables.versions, rows, update_on=("work_order_id",))
    early = [
        {
            "work_order_id": key,
            "version": version,
            "stream": item.delivery.stream,
            "sequence": item.delivery.sequence,
            "subject": item.delivery.subject,
            "body": item.delivery.body,
        }
        for key, items in waiting.items()
        for version, item in items.items()
    ]
    await insert_rows(connection, tables.parked, early, ignore_conflicts=True)
