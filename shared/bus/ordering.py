"""Order per work order, across replicas and redeliveries.

Every event of a work order carries a gapless `version`. A service applies the next one; a later one is parked
until the gap closes, an earlier one has been applied already and is dropped.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Table, Text, any_, bindparam, delete, exists, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.tables import RuntimeTables
from shared.bus.transaction import Delivery, Incoming
from shared.db import Prepared, fetch, insert_rows
from shared.events import Malformed, WorkorderOpened, WorkorderStep, decode_event

_IDS = bindparam("ids", type_=ARRAY(Text))


class ContendedError(Exception):
    """Another replica may have some of these work orders in hand: roll back, and wait for all of them in one order."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """What of a batch may be applied now, in order; and how many of its events had been applied before."""

    ready: list[Incoming]
    repeats: int = 0


Run = tuple[int, int]
"""The first and the last of the versions that a batch holds of one work order, where none is missing in between."""


def has_version(item: Incoming) -> bool:
    """Return whether `item` is kept in order, and known when it comes again, by its version."""
    return isinstance(item.data, WorkorderOpened | WorkorderStep)


async def in_order(
    connection: AsyncConnection,
    tables: RuntimeTables,
    incoming: Sequence[Incoming],
    *,
    release: bool = True,
    patient: bool = False,
) -> Ordered:
    """Return what may be applied now, in an order that respects every work order's versions.

    Events without a version keep their place. Afterwards the versions returned count as applied and the events
    that came too early are parked; the parked ones whose turn has come are among those returned, unless `release`
    is off.

    `ContendedError` where some can be applied at once and others not: whoever waited now for what another replica
    holds, while it holds what that one waits for, would end in a deadlock. `patient` does not try, and waits.
    """
    offered: defaultdict[str, dict[int, Incoming]] = defaultdict(dict)
    repeats = 0
    for item in incoming:
        if has_version(item):
            repeats += offered[item.data.work_order_id].setdefault(item.data.version, item) is not item
    if not offered:
        return Ordered(list(incoming))
    ids = sorted(offered)
    runs = {key: (min(offered[key]), max(offered[key])) for key in ids if _gapless(offered[key])}
    moved = set() if patient else await _advance(connection, tables, runs)
    if moved and len(moved) < len(ids):
        raise ContendedError
    stored = {key: runs[key][1] for key in moved}
    stored |= await _applied(connection, tables, [key for key in ids if key not in moved])
    applied = stored | {key: runs[key][0] - 1 for key in moved}
    repeats += sum(version <= applied[key] for key in ids for version in offered[key])
    if release:
        await _unpark(connection, tables, ids, offered)
    ready: list[Incoming] = []
    for item in incoming:
        if not has_version(item):
            ready.append(item)
            continue
        key = item.data.work_order_id
        while (following := offered[key].pop(applied[key] + 1, None)) is not None:
            applied[key] += 1
            ready.append(following)
    early = [item for key in ids for version, item in offered[key].items() if version > applied[key]]
    await _save(connection, tables, {key: applied[key] for key in ids if applied[key] != stored[key]}, early)
    return Ordered(ready, repeats)


def _gapless(versions: Mapping[int, Incoming]) -> bool:
    return max(versions) - min(versions) + 1 == len(versions)


@cache
def _forward(versions: Table) -> Prepared:
    """Return the statement that takes runs which begin right after what is applied; made once, for every batch."""
    return Prepared(
        text(
            "WITH given AS (SELECT * FROM unnest("
            "CAST(:ids AS text[]), CAST(:firsts AS integer[]), CAST(:lasts AS integer[])) AS g(id, first, last)), "
            f"next AS (UPDATE {versions.fullname} AS v SET version = given.last FROM given "
            "WHERE given.first > 1 AND v.work_order_id = given.id AND v.version = given.first - 1 RETURNING given.id), "
            f"new AS (INSERT INTO {versions.fullname} (work_order_id, version) SELECT id, last FROM given WHERE first = 1 "
            "ON CONFLICT DO NOTHING RETURNING work_order_id) SELECT id FROM next UNION ALL SELECT work_order_id FROM new"
        )
    )


async def _advance(connection: AsyncConnection, tables: RuntimeTables, runs: Mapping[str, Run]) -> set[str]:
    """Move the work orders whose run begins right after what is applied to its end; return their ids.

    Nearly all of them do, so that they need no lock of their own and no second look.
    """
    if not runs:
        return set()
    firsts, lasts = zip(*runs.values(), strict=True)
    given = {"ids": list(runs), "firsts": list(firsts), "lasts": list(lasts)}
    return {row.id for row in await fetch(connection, _forward(tables.versions), given)}


async def _applied(connection: AsyncConnection, tables: RuntimeTables, ids: Sequence[str]) -> dict[str, int]:
    """Return the last version applied of each work order, 0 for a new one; the rows stay locked until the commit."""
    rows = [{"work_order_id": key, "version": 0} for key in ids]
    found = await insert_rows(
        connection, tables.versions, rows, lock_on=("work_order_id",), returning=("work_order_id", "version")
    )
    return {row.work_order_id: row.version for row in found}


@cache
def _anything(parked: Table) -> Prepared:
    """Return the statement that asks whether anything at all is parked."""
    return Prepared(select(exists().select_from(parked)))


@cache
def _take(parked: Table) -> Prepared:
    """Return the statement that takes what is parked of work orders."""
    return Prepared(delete(parked).where(parked.c.work_order_id == any_(_IDS)).returning(parked))


async def _unpark(
    connection: AsyncConnection, tables: RuntimeTables, ids: Sequence[str], offered: Mapping[str, dict[int, Incoming]]
) -> None:
    """Add what is parked of the work orders `ids` to what is offered.

    A statement of its own, after those that wait for whoever has a row of `versions`: it must see what they parked.
    """
    (anything,) = await fetch(connection, _anything(tables.parked))
    if not anything[0]:
        return
    for row in await fetch(connection, _take(tables.parked), {"ids": list(ids)}):
        message = decode_event(row.body)
        if message is not None:
            offered[row.work_order_id][row.version] = Incoming(message, _delivery(row))


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
        await _save(connection, tables, {work_order_id: row.version})
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
    await _save(connection, tables, {key: version})
    return True


def _delivery(row: Any) -> Delivery:
    return Delivery(row.stream, row.sequence, row.subject, row.body)


async def _save(
    connection: AsyncConnection, tables: RuntimeTables, applied: Mapping[str, int], early: Iterable[Incoming] = ()
) -> None:
    """Note the versions `applied`, and park what came too `early`."""
    rows = [{"work_order_id": key, "version": version} for key, version in applied.items()]
    await insert_rows(connection, tables.versions, rows, update_on=("work_order_id",))
    parked = [
        {
            "work_order_id": item.data.work_order_id,
            "version": item.data.version,
            "stream": item.delivery.stream,
            "sequence": item.delivery.sequence,
            "subject": item.delivery.subject,
            "body": item.delivery.body,
        }
        for item in early
    ]
    await insert_rows(connection, tables.parked, parked, ignore_conflicts=True)
