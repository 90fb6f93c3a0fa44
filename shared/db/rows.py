"""Rows by the set: inserted and updated in one statement each, or copied."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.door import Row, begun, failed, run

COPY_FROM = 60
"""Rows from which COPY, with its two round trips, is cheaper than one statement with its arrays."""

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def insert_rows(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    ignore_conflicts: bool = False,
    update_on: Sequence[str] = (),
    lock_on: Sequence[str] = (),
    returning: Sequence[str] = (),
) -> Sequence[Row]:
    """Insert all `rows` in one statement; every row has the same columns.

    `ignore_conflicts` leaves rows out that are there already; `update_on` names the key on which a row that is
    there takes the new values instead; `lock_on` the key on which it stays as it is, and is locked until the commit
    like the new ones. Returns the `returning` columns of the rows written or locked. Give rows to be locked in one
    order, so that two transactions never wait for each other. Columns of array type are not for this function.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    if len(rows) >= COPY_FROM and not (ignore_conflicts or update_on or lock_on or returning):
        await copy_rows(connection, table, rows)
        return []
    statement = _insert(table, names, ignore_conflicts, tuple(update_on), tuple(lock_on), tuple(returning))
    return await run(connection, statement, columns_of(table, names, rows))


async def update_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> None:
    """Set the given columns of the rows with the given `key` values, all in one statement."""
    if not rows:
        return
    names = tuple(rows[0])
    await run(connection, _update(table, names, key), columns_of(table, names, rows))


async def copy_rows(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, at least one, by COPY: many of them cost client and server about half of what arrays of columns do."""
    names = tuple(rows[0])
    adapted = await begun(connection)
    driver, records = adapted.driver_connection, _records(table, names, rows)
    try:
        await driver.copy_records_to_table(table.name, schema_name=table.schema, columns=names, records=records)
    except BaseException as error:  # noqa: BLE001 (it is raised there)
        await failed(connection, adapted, f"COPY {table.fullname}", error)


def _records(table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[Any]]:
    """Return the values of `rows` in the order of `names`; JSON as text."""
    pick, json = _picking(table, names)
    if not json:
        return list(map(pick, rows))
    records = [list(pick(row)) for row in rows]
    for record in records:
        for place in json:
            record[place] = _json(record[place])
    return records


def columns_of(table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> list[Sequence[Any]]:
    """Turn rows into one sequence per column; JSON goes as text, since an array of JSON has no binary form."""
    pick, json = _picking(table, names)
    columns: list[Sequence[Any]] = list(zip(*map(pick, rows), strict=True))
    for place in json:
        columns[place] = [_json(value) for value in columns[place]]
    return columns


@lru_cache(maxsize=256)
def _picking(
    table: Table, names: tuple[str, ...]
) -> tuple[Callable[[Mapping[str, Any]], tuple[Any, ...]], tuple[int, ...]]:
    """Return what takes the values of `names` from a row, and the places of those that are JSON."""
    json = tuple(place for place, name in enumerate(names) if _is_json(table.c[name]))
    if len(names) > 1:
        return itemgetter(*names), json
    return lambda row: (row[names[0]],), json


def _json(value: Any) -> str | None:
    return to_json(value).decode() if value is not None else None


@lru_cache(maxsize=256)
def _insert(
    table: Table,
    names: tuple[str, ...],
    ignore: bool,
    update_on: tuple[str, ...],
    lock_on: tuple[str, ...],
    returning: tuple[str, ...],
) -> str:
    conflict = ""
    if ignore:
        conflict = " ON CONFLICT DO NOTHING"
    elif update_on:
        changes = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in names if name not in update_on)
        conflict = f" ON CONFLICT ({_names(update_on)}) DO UPDATE SET {changes}"
    elif lock_on:  # an update that changes nothing: what it returns is what the one before has committed
        changes = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in lock_on)
        conflict = f" ON CONFLICT ({_names(lock_on)}) DO UPDATE SET {changes}"
    back = f" RETURNING {_names(returning)}" if returning else ""
    return f"{insertion(table, names)}{conflict}{back}"


def insertion(table: Table, names: Sequence[str], first: int = 1) -> str:
    """Return the statement that inserts rows given as one array per column, the parameters from number `first` on."""
    return (
        f"INSERT INTO {table.fullname} ({_names(names)}) SELECT {_picked(table, names)} "
        f"FROM unnest({_arrays(table, names, first)}) AS given({_names(names)})"
    )


@lru_cache(maxsize=256)
def _update(table: Table, names: tuple[str, ...], key: str) -> str:
    changes = ", ".join(f'"{name}" = {_pick(table.c[name])}' for name in names if name != key)
    return (
        f"UPDATE {table.fullname} AS target SET {changes} "
        f'FROM unnest({_arrays(table, names)}) AS given({_names(names)}) WHERE target."{key}" = given."{key}"'
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _picked(table: Table, names: Sequence[str]) -> str:
    return ", ".join(_pick(table.c[name]) for name in names)


def _pick(column: Column[Any]) -> str:
    return f'given."{column.name}"::jsonb' if _is_json(column) else f'given."{column.name}"'


def _arrays(table: Table, names: Sequence[str], first: int = 1) -> str:
    return ", ".join(f"${place}::{_type(table.c[name])}[]" for place, name in enumerate(names, start=first))


def _type(column: Column[Any]) -> str:
    return "text" if _is_json(column) else column.type.compile(_DIALECT)


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSONB)
