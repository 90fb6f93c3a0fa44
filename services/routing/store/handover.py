"""What waits for its department's daily cut-off, and the batches it was handed over in (R-RT-03)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.handover import Due
from services.routing.store.tables import NOT_ENDED, batches, work_orders
from shared.db import insert_rows, update_rows
from shared.events import WorkorderHandedOver

_ONE_AT_A_TIME: Final = text("SELECT pg_try_advisory_xact_lock(hashtext('yingda.routing.handover'))")
_WAITING: Final = and_(
    work_orders.c.batch_id.is_(None),
    work_orders.c.cutoff_at.is_not(None),
    text(NOT_ENDED),  # word for word as the partial index has it
)


async def claim_due(connection: AsyncConnection, now: datetime) -> list[Due]:
    """Return what is due, locked until the commit.

    Nothing where another replica is at it: one replica takes all, so that a department gets one batch and not two.
    """
    if not await connection.scalar(_ONE_AT_A_TIME):
        return []
    columns = work_orders.c.id, work_orders.c.number, work_orders.c.department, work_orders.c.cutoff_at
    due = select(*columns).where(_WAITING).where(work_orders.c.cutoff_at <= now)
    rows = await connection.execute(due.order_by(work_orders.c.id).with_for_update())
    return [Due(row.id, row.number, row.department, row.cutoff_at) for row in rows]


async def record_batches(connection: AsyncConnection, made: Mapping[str, WorkorderHandedOver], now: datetime) -> None:
    """Write the batches `made`, by id, and into every work order which batch it went with."""
    rows = [
        {
            "id": batch_id,
            "department": batch.department,
            "cutoff_at": batch.cutoff_at,
            "handed_over_at": now,
            "work_orders": len(batch.work_order_ids),
        }
        for batch_id, batch in made.items()
    ]
    await insert_rows(connection, batches, rows)
    members = [
        {"id": work_order_id, "batch_id": batch_id}
        for batch_id, batch in made.items()
        for work_order_id in batch.work_order_ids
    ]
    await update_rows(connection, work_orders, members)


async def next_cutoff(connection: AsyncConnection) -> datetime | None:
    """Return the earliest cut-off that something waits for."""
    found: datetime | None = await connection.scalar(select(func.min(work_orders.c.cutoff_at)).where(_WAITING))
    return found
