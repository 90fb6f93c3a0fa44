"""The windows of the rate limits: locked while one replica takes from them, so that they hold for all (R-NT-05)."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.limits import Window
from services.notify.store.tables import limits
from shared.db import insert_rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def locked(connection: AsyncConnection, names: Collection[str], now: datetime) -> dict[str, Window]:
    """Return the windows of those names, locked until the transaction ends; one statement, however many."""
    if not names:
        return {}
    blank: dict[str, Any] = {"taken": [], "booked_at": None, "booked": 0, "touched_at": now}
    rows = await insert_rows(
        connection,
        limits,
        [{"name": name, **blank} for name in sorted(set(names))],
        lock_on=("name",),
        returning=("name", "taken", "booked_at", "booked"),
    )
    return {
        row.name: Window(tuple(_EPOCH + at * _MICROSECOND for at in row.taken), row.booked_at, row.booked)
        for row in rows
    }


async def save(connection: AsyncConnection, windows: Mapping[str, Window], now: datetime) -> None:
    """Write the windows as they are now."""
    rows = [
        {
            "name": name,
            "taken": [(at - _EPOCH) // _MICROSECOND for at in windows[name].taken],
            "booked_at": windows[name].booked_at,
            "booked": windows[name].booked,
            "touched_at": now,
        }
        for name in sorted(windows)
    ]
    await insert_rows(connection, limits, rows, update_on=("name",))


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Delete the windows that nobody has touched since `before`: nothing in them counts any more."""
    idle = select(limits.c.name).where(limits.c.touched_at < before).with_for_update(skip_locked=True)
    await connection.execute(delete(limits).where(limits.c.name.in_(idle)))
