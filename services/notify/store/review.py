"""What operators see and repeat, and what the gauges count (R-NT-06)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, desc, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import notifications, work_orders

_WITH_ORDER = select(notifications, work_orders.c.number, work_orders.c.category, work_orders.c.grade).outerjoin(
    work_orders, work_orders.c.work_order_id == notifications.c.work_order_id
)


async def found(
    connection: AsyncConnection,
    *,
    state: str | None,
    work_order_id: str | None,
    purpose: str | None,
    audience: str | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return notifications that are as wanted, the newest first; None wants nothing in particular."""
    wanted = {"state": state, "work_order_id": work_order_id, "purpose": purpose, "audience": audience}
    conditions = [notifications.c[name] == value for name, value in wanted.items() if value is not None]
    newest = (desc(notifications.c.created_at), notifications.c.notification_id)
    return (await connection.execute(_WITH_ORDER.where(*conditions).order_by(*newest).limit(limit))).all()


async def one(connection: AsyncConnection, notification_id: str) -> Row[Any] | None:
    """Return one notification, None where there is no such."""
    query = _WITH_ORDER.where(notifications.c.notification_id == notification_id)
    return (await connection.execute(query)).one_or_none()


async def for_review(connection: AsyncConnection) -> dict[str, int]:
    """Return how many notifications failed or are of unknown fate, and nobody has dealt with them."""
    states = text("state IN ('failed', 'unknown')")  # written out, so that the partial index answers
    query = select(notifications.c.state, func.count()).where(states).group_by(notifications.c.state)
    return {row[0]: row[1] for row in await connection.execute(query)}


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
