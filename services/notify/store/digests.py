"""When each member of staff last had a digest, so that bursts become one message a minute (R-SLA-10)."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import digests
from shared.db import insert_rows

_LAST: Final = select(digests).where(digests.c.recipient == any_(bindparam("recipients", type_=ARRAY(Text))))


async def last_digests(
    connection: AsyncConnection, recipients: Collection[str], since: datetime
) -> dict[str, datetime]:
    """Return when each of the recipients last had one.

    Whoever had none after `since` may have one now: they are locked, so that replicas take turns.
    """
    if not recipients:
        return {}
    wanted = sorted(set(recipients))
    rows = (await connection.execute(_LAST, {"recipients": wanted})).all()
    found = {row.recipient: row.last_at for row in rows if row.last_at is not None and row.last_at > since}
    free = [{"recipient": key, "last_at": None} for key in wanted if key not in found]
    locked = await insert_rows(connection, digests, free, lock_on=("recipient",), returning=("recipient", "last_at"))
    return found | {row.recipient: row.last_at for row in locked if row.last_at is not None}


async def remember(connection: AsyncConnection, recipients: Collection[str], at: datetime) -> None:
    """Write down that one leaves for each of the recipients at `at`."""
    rows = [{"recipient": key, "last_at": at} for key in sorted(recipients)]
    await insert_rows(connection, digests, rows, update_on=("recipient",))
