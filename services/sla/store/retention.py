"""What sla forgets of work orders whose records have expired (ADR 0017)."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.sla.store.tables import actions, clocks, subjects
from shared.events import WorkorderExpired
from shared.retention import remove


async def forget(connection: AsyncConnection, expired: WorkorderExpired) -> None:
    """Remove the work orders, their clocks and what these set off; what other services count of deadlines is theirs."""
    await remove(connection, actions.c.owner, expired.work_order_ids)
    await remove(connection, clocks.c.owner, expired.work_order_ids)
    await remove(connection, subjects.c.id, expired.work_order_ids)
