"""Figures of the gauges; they read the partial index on live work orders only (R-OB-01)."""

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import NOT_ENDED, presence, work_orders


async def live_counts(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return how many work orders that have not ended each department has in each status."""
    where = work_orders.c.department, work_orders.c.status
    query = select(*where, func.count()).where(text(NOT_ENDED)).group_by(*where)
    return {(row[0], row[1]): row[2] for row in await connection.execute(query)}


async def presence_counts(connection: AsyncConnection) -> dict[str, str]:
    """Return the presence that each member of staff told last; who never told any is missing."""
    rows = await connection.execute(select(presence.c.agent_id, presence.c.state))
    return {row.agent_id: row.state for row in rows}
