"""When each member of staff last had an alert, so that bursts become one message a minute (R-SLA-10)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import alerts
from shared.db import insert_rows

_IDS = bindparam("ids", type_=ARRAY(Text))


async def last_alerts(connection: AsyncConnection, recipients: Collection[str]) -> dict[str, datetime]:
    """Return when each of the recipients last had an alert; they are locked, so that replicas take turns."""
    if not recipients:
        return {}
    await insert_rows(
        connection, alerts, [{"recipient": key, "last_at": None} for key in sorted(recipients)], ignore_conflicts=True
    )
    query = select(alerts).where(alerts.c.recipient == any_(_IDS)).order_by(alerts.c.recipient).with_for_update()
    rows = await connection.execute(query, {"ids": sorted(recipients)})
    return {row.recipient: row.last_at for row in rows if row.last_at is not None}


async def remember(connection: AsyncConnection, recipients: Collection[str], at: datetime) -> None:
    """Write down that an alert leaves for each of the recipients at `at`."""
    rows = [{"recipient": key, "last_at": at} for key in sorted(recipients)]
    await insert_rows(connection, alerts, rows, update_on=("recipient",))
