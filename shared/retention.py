"""Retention: what has had its time is removed, a little at a time, so that no table grows for ever (ADR 0017).

Two kinds of keeping. Messages (outboxes, inboxes, replies of commands) live for `YINGDA_KEEP_DAYS`, as on the bus itself.
Records of the business live for the policy's `retention.closed_days` after their work order was closed. Rows go in small
transactions of their own, oldest first, over an index; each is followed by a rest as long as it took, and rows that
somebody holds are left for the next turn.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CursorResult,
    Table,
    Text,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import metrics
from shared.bus.tables import RuntimeTables
from shared.clock import Clock

TURN_SECONDS = 3_600.0
BATCH = 1_000
"""Rows of one transaction, each with what belongs to it."""

_KEYS = bindparam("keys", type_=ARRAY(Text))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Expiry:
    """Rows of `table` go `days` after the moment in `since`, if `when` holds for them.

    `of` names the column whose value the rows in `also` (columns of other tables) hold: those go in the same transaction.
    `stamped` tells that the moment was written by PostgreSQL's own clock and not by the clock of the service.
    """

    table: Table
    since: ColumnElement[datetime]
    days: int
    when: ColumnElement[bool] | None = None
    of: ColumnElement[str] | None = None
    also: Sequence[ColumnElement[str]] = ()
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


class Retention:
    """Removes what has expired in one service's schema; any number of replicas may do so side by side."""

    def __init__(self, service: str, engine: AsyncEngine, clock: Clock, expiries: Sequence[Expiry]) -> None:
        self._service = service
        self._engine = engine
        self._clock = clock
        self._expiries = expiries

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
                metrics.EXPIRED.labels(self._service, expiry.table.name).inc(removed)
                log.info("expired", service=self._service, table=expiry.table.name, rows=removed)
        return None

    async def _remove(self, expiry: Expiry) -> int:
        """Remove up to a batch of rows of `expiry` with what belongs to them; return how many rows of its table."""
        async with self._engine.begin() as connection:
            now = await _database_now(connection) if expiry.stamped else self._clock.now()
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
            gone: CursorResult[str | None] = await connection.execute(
                delete(expiry.table)
                .where(place == any_(func.array(oldest.scalar_subquery())))
                .returning(expiry.of if expiry.of is not None else place)
            )
            keys = list(gone.scalars())
            for holder in expiry.also if keys else ():
                await connection.execute(delete(holder.table).where(holder == any_(_KEYS)), {"keys": keys})
        return len(keys)


async def _database_now(connection: AsyncConnection) -> datetime:
    now: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return now
