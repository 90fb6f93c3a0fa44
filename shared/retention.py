"""Retention: what has had its time is removed, a little at a time, so that no table grows for ever (ADR 0017).

Two kinds of keeping. Messages (outboxes, inboxes, replies of commands) live for `YINGDA_KEEP_DAYS`, as on the bus itself.
Records of the business live for `YINGDA_RECORDS_DAYS` after their work order was closed: routing, which closed it, decides
and tells, and every service forgets it. Rows go in small transactions of their own, oldest first, over an index; each is
followed by a rest as long as it took, and rows that somebody holds are left for the next turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Table,
    Text,
    TextClause,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import metrics
from shared.bus.outbox import Outbox
from shared.bus.runtime import BatchHandler
from shared.bus.tables import RuntimeTables
from shared.bus.transaction import Incoming, Transaction
from shared.events import WorkorderExpired

TURN_SECONDS = 3_600.0
BATCH = 1_000
"""Rows of one transaction, each with what belongs to it."""

Follow = Callable[[Transaction, Sequence[Row[Any]]], Awaitable[None]]
Forget = Callable[[AsyncConnection, WorkorderExpired], Awaitable[None]]

_KEYS = bindparam("keys", type_=ARRAY(Text))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Expiry:
    """Rows of `table` go `days` after the moment in `since`, if `when` holds for them.

    `follow` gets the columns `of` the rows removed, in the same transaction: it removes what belongs to them, and tells.
    `stamped` says that the moment was written by PostgreSQL's own clock and not by the clock of the service.
    """

    table: Table
    since: ColumnElement[datetime]
    days: int
    when: ColumnElement[bool] | TextClause | None = None
    of: Sequence[ColumnElement[str]] = ()
    follow: Follow | None = None
    stamped: bool = False


def runtime_expiries(tables: RuntimeTables, days: int) -> list[Expiry]:
    """Return what goes of the runtime's own tables when messages are kept for `days`.

    An inbox row outlives every copy of its message: one that `yingda replay` sends on the outbox's last day may stay on
    the stream as long again before it is consumed.
    """
    outbox, inbox, commands = tables.outbox, tables.inbox, tables.commands
    return [
        Expiry(outbox, outbox.c.created_at, days, when=outbox.c.sent_at.is_not(None), stamped=True),
        Expiry(inbox, inbox.c.received_at, 2 * days + 1, stamped=True),
        Expiry(commands, commands.c.answered_at, days, stamped=True),
    ]


async def remove(connection: AsyncConnection, column: ColumnElement[str], keys: Sequence[str]) -> None:
    """Delete the rows in whose `column` one of `keys` is."""
    if keys:
        await connection.execute(delete(column.table).where(column == any_(_KEYS)), {"keys": list(keys)})


def forgetting(handler: BatchHandler, forget: Forget | None, tables: RuntimeTables) -> BatchHandler:
    """Return `handler` with `forget` before it, for a service that keeps something of work orders."""
    if forget is None:
        return handler

    async def on_events(tx: Transaction, batch: Sequence[Incoming]) -> None:
        others = [item for item in batch if not isinstance(item.data, WorkorderExpired)]
        for item in batch if len(others) < len(batch) else ():
            if isinstance(item.data, WorkorderExpired):
                await forget(tx.connection, item.data)
                await remove(tx.connection, tables.versions.c.work_order_id, item.data.work_order_ids)
        if others:
            await handler(tx, others)

    return on_events


class Retention:
    """Removes what has expired in one service's schema; any number of replicas may do so side by side."""

    def __init__(self, outbox: Outbox, expiries: Sequence[Expiry]) -> None:
        self._outbox = outbox
        self._expiries = expiries
        for expiry in expiries:
            metrics.EXPIRED.labels(outbox.service, expiry.table.name)

    async def turn(self) -> datetime | None:
        """Remove everything that has expired by now."""
        for expiry in self._expiries:
            removed, rows = 0, BATCH
            while rows == BATCH:
                began = time.monotonic()
                rows = await self._remove(expiry)
                removed += rows
                await asyncio.sleep(time.monotonic() - began)  # half of the time is the service's own
            if removed:
                metrics.EXPIRED.labels(self._outbox.service, expiry.table.name).inc(removed)
                log.info("expired", service=self._outbox.service, table=expiry.table.name, rows=removed)
        return None

    async def _remove(self, expiry: Expiry) -> int:
        """Remove up to a batch of rows of `expiry` with what belongs to them; return how many rows of its table."""
        async with self._outbox.transaction() as tx:
            now = await _database_now(tx.connection) if expiry.stamped else tx.now
            place: ColumnElement[str] = literal_column(f"{expiry.table.fullname}.ctid")
            oldest = (
                select(place)
                .select_from(expiry.table)
                .where(expiry.since < now - timedelta(days=expiry.days))
                .where(expiry.when if expiry.when is not None else true())
                .order_by(expiry.since)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            gone = await tx.connection.execute(
                delete(expiry.table)
                .where(place == any_(func.array(oldest.scalar_subquery())))
                .returning(*(expiry.of or (place,)))
            )
            rows: Any = gone.all()
            if rows and expiry.follow is not None:
                await expiry.follow(tx, rows)
        return len(rows)


async def _database_now(connection: AsyncConnection) -> datetime:
    now: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return now
