"""Attempts that were not simply taken, and receipts: what an operator reads of a notification's history (R-NT-06)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import troubles
from shared.db import insert_rows


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down what happened; what is there already is left alone."""
    await insert_rows(connection, troubles, rows, ignore_conflicts=True)


async def of(connection: AsyncConnection, notification_id: str) -> Sequence[Row[Any]]:
    """Return what happened to one notification, in order."""
    query = select(troubles).where(troubles.c.notification_id == notification_id)
    return (await connection.execute(query.order_by(troubles.c.attempt, troubles.c.at))).all()
