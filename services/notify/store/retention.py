"""What notify forgets of work orders and contacts whose records have expired (ADR 0017)."""

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import contacts, notifications, troubles, work_orders
from shared.events import WorkorderExpired
from shared.retention import Expiry, remove

_TROUBLES = delete(troubles).where(
    troubles.c.notification_id.in_(
        select(notifications.c.notification_id).where(
            notifications.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text)))
        )
    )
)


def notices_of_no_work_order(days: int) -> Expiry:
    """Return what expires by itself: digests, reports and other notices that belong to no work order."""
    return Expiry(notifications, notifications.c.created_at, days, when=notifications.c.work_order_id.is_(None))


async def forget(connection: AsyncConnection, expired: WorkorderExpired) -> None:
    """Remove what was told of the work orders, and the addresses of their contacts."""
    ids = list(expired.work_order_ids)
    await connection.execute(_TROUBLES, {"ids": ids})
    await remove(connection, notifications.c.work_order_id, ids)
    await remove(connection, work_orders.c.work_order_id, ids)
    await remove(connection, contacts.c.contact_id, expired.contact_ids)
