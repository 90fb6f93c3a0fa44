"""What operators see and repeat, and what the gauges count (R-NT-06)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, desc, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import notifications, work_orders


async def in_state(connection: AsyncConnection, state: str, limit: int) -> Sequence[Row[Any]]:
    """Return notifications in `state`, the newest first, with the number of their work order."""
    query = (
        select(notifications, work_orders.c.number)
        .outerjoin(work_orders, work_orders.c.work_order_id == notifications.c.work_order_id)
        .where(notifications.c.state == state)
        .order_by(desc(notifications.c.created_at))
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def locked(connection: AsyncConnection, notification_id: str) -> Row[Any] | None:
    """Lock and return one notification, None where there is no such."""
    query = select(notifications).where(notifications.c.notification_id == notification_id).with_for_update()
    return (await connection.execute(query)).one_or_none()


async def waiting_by_transport(connection: AsyncConnection) -> dict[str, int]:
    """Return how many notifications are not settled yet, by the transport last tried, `none` before the first."""
    transport = func.coalesce(notifications.c.transport, "none").label("transport")
    parts = (  # one part per partial index
        select(transport).where(notifications.c.state == text(f"'{state}'"))
        for state in ("queued", "waiting", "sending")
    )
    live = union_all(*parts).subquery()
    query = select(live.c.transport, func.count()).group_by(live.c.transport)
    return {row[0]: row[1] for row in await connection.execute(query)}
