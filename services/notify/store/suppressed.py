"""The suppression list: which addresses get nothing any more, and why (R-NT-07)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, delete, desc, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store.tables import suppressions
from shared.db import insert_rows

_KEYS = bindparam("keys", type_=ARRAY(Text))


async def reasons(connection: AsyncConnection, fingerprints: Collection[str]) -> dict[str, str]:
    """Return why each of the addresses that are on the list is there."""
    if not fingerprints:
        return {}
    query = select(suppressions.c.fingerprint, suppressions.c.reason).where(suppressions.c.fingerprint == any_(_KEYS))
    return {row[0]: row[1] for row in await connection.execute(query, {"keys": sorted(fingerprints)})}


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Put addresses on the list and return the fingerprints of those that were not there; the first reason stays."""
    by_key = {row["fingerprint"]: row for row in rows}
    given = [by_key[key] for key in sorted(by_key)]
    new = await insert_rows(connection, suppressions, given, ignore_conflicts=True, returning=("fingerprint",))
    return {row[0] for row in new}


async def remove(connection: AsyncConnection, fingerprint: str) -> Row[Any] | None:
    """Take an address from the list and return its row; None where it was not on it."""
    gone = delete(suppressions).where(suppressions.c.fingerprint == fingerprint).returning(*suppressions.c)
    return (await connection.execute(gone)).one_or_none()


async def newest(connection: AsyncConnection, reason: str | None, limit: int) -> Sequence[Row[Any]]:
    """Return the list, the newest first."""
    query = select(suppressions).order_by(desc(suppressions.c.at), suppressions.c.fingerprint).limit(limit)
    if reason is not None:
        query = query.where(suppressions.c.reason == reason)
    return (await connection.execute(query)).all()


async def count(connection: AsyncConnection) -> dict[str, int]:
    """Return how many addresses are on the list, by reason."""
    query = select(suppressions.c.reason, func.count()).group_by(suppressions.c.reason)
    return {row[0]: row[1] for row in await connection.execute(query)}
