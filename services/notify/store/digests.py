"""When each member of staff last had a digest, so that bursts become one message a minute (R-SLA-10)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import digests
from shared.db import insert_rows

_IDS = bindparam("ids", type_=ARRAY(Text))


async def last_digests(connection: AsyncConnection, recipients: Collection[str]) -> dict[str, datetime]:
    """Return when each of the recipients last had one; they are locked, so that replicas take turns."""
    if not recipients:
        return {}
    rows = [{"recipient": key, "last_at": None} for key in sorted(recipients)]
    await insert_rows(connection, digests, rows, ignore_conflicts=True)
    query = select(digests).where(digests.c.recipient == any_(_IDS)).order_by(digests.c.recipient).with_for_update()
    found = await connection.execute(query, {"ids": sorted(recipients)})
    return {row.recipient: row.last_at for row in found if row.last_at is not None}


async def remember(connection: AsyncConnection, recipients: Collection[str], at: datetime) -> None:
    """Write down that one leaves for each of the recipients at `at`."""
    rows = [{"recipient": key, "last_at": at} for key in sorted(recipients)]
    await insert_rows(connection, digests, rows, update_on=("recipient",))
