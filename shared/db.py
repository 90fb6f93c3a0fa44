"""PostgreSQL: one database, one schema and one role per service, set-based statements."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import Column, MetaData, Row, Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.settings import Settings, SettingsError, fresh_secret
from shared.trust import trusting

COMMAND_SECONDS = 60.0
COPY_FROM = 8
"""Rows from which COPY is cheaper than one statement with its arrays."""

SAVEPOINT_FROM = 50
"""From so many rows on a savepoint costs less than COPY saves."""
_UNIQUE_VIOLATION = "23505"

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def database_url(settings: Settings) -> URL:
    """Return the address of PostgreSQL for SQLAlchemy, with the password from its own variable if there is one."""
    try:
        url = make_url(settings.database_url).set(drivername="postgresql+asyncpg")
    except ArgumentError:
        raise SettingsError("YINGDA_DATABASE_URL is not of the form postgresql://user@host:5432/database") from None
    if settings.database_password is not None:
        url = url.set(password=settings.database_password.get_secret_value())
    return url


def create_engine(
    settings: Settings, *, role: str | None = None, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncEngine:
    """Return an engine whose connections act as `role`, so that they see no other service's schema.

    A statement may take `command_seconds`; None lets it take what it needs, as building an index does.
    """
    server_settings = {"application_name": f"yingda-{role or 'cli'}", "jit": "off", "timezone": "UTC"}
    if role is not None:
        server_settings["role"] = role_name(role)
    return create_async_engine(
        database_url(settings),
        pool_size=settings.database_pool,
        max_overflow=2,
        pool_pre_ping=False,
        pool_timeout=10,
        pool_use_lifo=True,  # the connection used last has its statements prepared; the others may rest
        hide_parameters=True,  # an error must not carry personal values into a log
        json_serializer=lambda value: to_json(value).decode(),
        json_deserializer=from_json,
        connect_args={
            "server_settings": server_settings,
            "timeout": 5,
            "command_timeout": command_seconds,
            **_password(settings),
            **_tls(settings),
        },
    )


def _password(settings: Settings) -> dict[str, Any]:
    """Return what asks for the password at each new connection: one in a file may have been changed meanwhile."""
    held = settings.database_password
    if held is None:
        return {}
    return {"password": lambda: fresh_secret("database_password") or held.get_secret_value()}


def _tls(settings: Settings) -> dict[str, Any]:
    """Return what makes the connection TLS, where the settings name who vouches for the server."""
    if settings.database_ca is None:
        return {}
    return {"ssl": trusting("YINGDA_DATABASE_CA", settings.database_ca)}


def role_name(service: str) -> str:
    """Return the PostgreSQL role that `service` works as: it reads and writes its own tables, and changes none of them."""
    return f"yingda_{service}"


def owner_name(service: str) -> str:
    """Return the PostgreSQL role that owns the schema of `service`; nobody logs in as it, provisioning acts as it."""
    return f"{role_name(service)}_owner"


def schema_of(service: str) -> MetaData:
    """Return the empty metadata of the schema that belongs to `service`."""
    return MetaData(schema=service)


async def insert_rows(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    ignore_conflicts: bool = False,
    update_on: Sequence[str] = (),
    lock_on: Sequence[str] = (),
    returning: Sequence[str] = (),
) -> Sequence[Row[Any]]:
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
        await _copy(connection, table, names, rows)
        return []
    statement = _insert(table, names, ignore_conflicts, tuple(update_on), tuple(lock_on), tuple(returning))
    result = await connection.execute(statement, _columns(table, names, rows))
    return result.fetchall() if returning else []


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> set[Any]:
    """Insert `rows`, nearly all of which are new, and return the `key` values of those written; the others stay as they are.

    Many go by COPY inside a savepoint, at about half of what `ignore_conflicts` costs the server; where one of them is
    there after all, also by a transaction that commits meanwhile, they are inserted in the other way.
    """
    if len(rows) >= SAVEPOINT_FROM:
        try:
            async with connection.begin_nested():
                await insert_rows(connection, table, rows)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
                raise
        else:
            return {row[key] for row in rows}
    written = await insert_rows(connection, table, rows, ignore_conflicts=True, returning=(key,))
    return {row[0] for row in written}


async def _copy(
    connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert `rows` by COPY, which costs client and server about half of what arrays of columns do."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():  # SQLAlchemy begins with its first statement
        await connection.execute(text("SELECT"))
    as_text = [_is_json(table.c[name]) for name in names]
    records = [tuple(_value(row[name], json) for name, json in zip(names, as_text, strict=True)) for row in rows]
    try:
        await driver.copy_records_to_table(table.name, schema_name=table.schema, columns=names, records=records)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(f"COPY {table.fullname}", None, error, hide_parameters=True) from error


def _value(value: Any, json: bool) -> Any:
    return to_json(value).decode() if json and value is not None else value


async def update_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> None:
    """Set the given columns of the rows with the given `key` values, all in one statement."""
    if not rows:
        return
    names = tuple(rows[0])
    await connection.execute(_update(table, names, key), _columns(table, names, rows))


def _columns(table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Turn rows into one list per column; JSON goes as text, since an array of JSON has no binary form."""
    return {
        name: [_value(row[name], json=True) for row in rows] if _is_json(table.c[name]) else [row[name] for row in rows]
        for name in names
    }


@lru_cache(maxsize=256)
def _insert(
    table: Table,
    names: tuple[str, ...],
    ignore: bool,
    update_on: tuple[str, ...],
    lock_on: tuple[str, ...],
    returning: tuple[str, ...],
) -> TextClause:
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
    return text(
        f"INSERT INTO {table.fullname} ({_names(names)}) SELECT {_picked(table, names)} "
        f"FROM unnest({_arrays(table, names)}) AS given({_names(names)}){conflict}{back}"
    )


@lru_cache(maxsize=256)
def _update(table: Table, names: tuple[str, ...], key: str) -> TextClause:
    changes = ", ".join(f'"{name}" = {_pick(table.c[name])}' for name in names if name != key)
    return text(
        f"UPDATE {table.fullname} AS target SET {changes} "
        f'FROM unnest({_arrays(table, names)}) AS given({_names(names)}) WHERE target."{key}" = given."{key}"'
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _picked(table: Table, names: Sequence[str]) -> str:
    return ", ".join(_pick(table.c[name]) for name in names)


def _pick(column: Column[Any]) -> str:
    return f'given."{column.name}"::jsonb' if _is_json(column) else f'given."{column.name}"'


def _arrays(table: Table, names: Sequence[str]) -> str:
    return ", ".join(f"CAST(:{name} AS {_type(table.c[name])}[])" for name in names)


def _type(column: Column[Any]) -> str:
    return "text" if _is_json(column) else column.type.compile(_DIALECT)


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSONB)
