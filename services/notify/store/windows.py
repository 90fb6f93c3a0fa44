"""The windows of the rate limits: locked while one replica takes from them, so that they hold for all (R-NT-05)."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.limits import Window
from services.notify.store.tables import limits
from shared.db import insert_new, update_rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


_LOCKED: Final = (
    select(limits.c.name, limits.c.taken, limits.c.booked_at, limits.c.booked)
    .where(limits.c.name == any_(bindparam("names", type_=ARRAY(Text))))
    .order_by(limits.c.name)
    .with_for_update()
)


async def locked(connection: AsyncConnection, names: Collection[str]) -> dict[str, Window]:
    """Return those of the windows that are there, locked until the transaction ends; one statement, however many."""
    if not names:
        return {}
    return {
        row.name: Window(tuple(_EPOCH + at * _MICROSECOND for at in row.taken), row.booked_at, row.booked)
        for row in await connection.execute(_LOCKED, {"names": sorted(names)})
    }


async def save(
    connection: AsyncConnection, held: Mapping[str, Window], windows: Mapping[str, Window], now: datetime
) -> set[str]:
    """Write what has changed since the windows were `held`; those that were not are new.

    Returns the names of new ones that another transaction has written meanwhile, committed by now; they stay as they are.
    """
    changed = sorted(name for name, window in windows.items() if window != held.get(name))
    await update_rows(
        connection, limits, [_row(name, windows[name], now) for name in changed if name in held], key="name"
    )
    new = [name for name in changed if name not in held]
    rows = [_row(name, windows[name], now) for name in new]
    return set(new) - await insert_new(connection, limits, rows, key="name")


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Delete the windows that nobody has touched since `before`: nothing in them counts any more."""
    idle = select(limits.c.name).where(limits.c.touched_at < before).with_for_update(skip_locked=True)
    await connection.execute(delete(limits).where(limits.c.name.in_(idle)))


def _row(name: str, window: Window, now: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "taken": [(at - _EPOCH) // _MICROSECOND for at in window.taken],
        "booked_at": window.booked_at,
        "booked": window.booked,
        "touched_at": now,
    }
