"""When each member of staff last had a digest, so that bursts become one message a minute (R-SLA-10)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import digests
from shared.db import insert_rows


async def locked(connection: AsyncConnection, recipients: Collection[str]) -> dict[str, datetime]:
    """Lock the recipients and return when those of them who ever had a digest last had one."""
    rows = [{"recipient": key, "last_at": None} for key in sorted(recipients)]
    held = await insert_rows(connection, digests, rows, lock_on=("recipient",), returning=("recipient", "last_at"))
    return {row.recipient: row.last_at for row in held if row.last_at is not None}


async def remember(connection: AsyncConnection, recipients: Collection[str], at: datetime) -> None:
    """Write down that one leaves for each of the recipients at `at`."""
    rows = [{"recipient": key, "last_at": at} for key in sorted(recipients)]
    await insert_rows(connection, digests, rows, update_on=("recipient",))
