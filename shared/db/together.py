"""Rows of several tables in one statement: as a transaction writes them at its end, and rows that are nearly always new.

A statement costs the client 60 µs and PostgreSQL 30 before it does anything, and on a busy machine both wait for the processor
once more; COPY costs twice that. A batch of 25 contacts wrote its rows in two to five of them.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.door import Row, run
from shared.db.rows import COPY_FROM, columns_of, copy_rows, insertion

Part = tuple[Table, Sequence[Mapping[str, Any]]]
"""Rows of one table; all have the same columns."""

SAVEPOINT_FROM = 150
"""From so many rows on a savepoint, with two more, costs less than COPY saves."""
_UNIQUE_VIOLATION = "23505"


async def insert_together(connection: AsyncConnection, parts: Sequence[Part], *, returning: str = "") -> Sequence[Row]:
    """Insert the rows of all `parts` in their order, in one statement but for those of many rows, which go by COPY.

    Returns the column `returning` of the last part's rows. Rows of one statement may refer to one another by foreign
    key. Columns of array type are not for this function.
    """
    group: list[Part] = []
    for number, (table, rows) in enumerate(parts, start=1):
        if len(rows) >= COPY_FROM and not (returning and number == len(parts)):
            await _insert(connection, group)
            group = []
            await copy_rows(connection, table, rows)
        elif rows:
            group.append((table, rows))
    return await _insert(connection, group, returning if parts and parts[-1][1] else "")


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> set[Any]:
    """Insert `rows`, nearly all of which are new, and return the `key` values of those written; the others stay as they are."""
    return await insert_new_together(connection, [(table, rows)], key=key)


async def insert_new_together(connection: AsyncConnection, parts: Sequence[Part], *, key: str) -> set[Any]:
    """Insert the rows of all `parts`, nearly all of which are new; those that are there already stay as they are.

    Returns the `key` values of those of the last part that were written. Many go by COPY inside a savepoint, at about half
    of what looking for each costs the server; where one of them is there after all, also by a transaction that commits
    meanwhile, they are inserted in the other way.
    """
    last = parts[-1][1]
    if sum(len(rows) for _, rows in parts) >= SAVEPOINT_FROM:
        try:
            async with connection.begin_nested():
                await insert_together(connection, parts)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
                raise
        else:
            return {row[key] for row in last}
    group = [part for part in parts if part[1]]
    written = await _insert(connection, group, key if last else "", ignore_conflicts=True)
    return {row[0] for row in written}


async def _insert(
    connection: AsyncConnection, group: Sequence[Part], returning: str = "", *, ignore_conflicts: bool = False
) -> Sequence[Row]:
    if not group:
        return []
    shape = tuple((table, tuple(rows[0])) for table, rows in group)
    values = [
        column
        for (table, names), (_, rows) in zip(shape, group, strict=True)
        for column in columns_of(table, names, rows)
    ]
    return await run(connection, _statement(shape, returning, ignore_conflicts), values)


@lru_cache(maxsize=256)
def _statement(shape: Sequence[tuple[Table, tuple[str, ...]]], returning: str, ignore_conflicts: bool) -> str:
    inserts, place, conflict = [], 1, " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    for table, names in shape:
        inserts.append(f"{insertion(table, names, place)}{conflict}")
        place += len(names)
    *others, last = inserts
    before = ", ".join(f"part_{number} AS ({insert})" for number, insert in enumerate(others))
    back = f' RETURNING "{returning}"' if returning else ""
    return f"{f'WITH {before} ' if before else ''}{last}{back}"
