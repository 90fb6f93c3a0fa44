"""The small door to PostgreSQL: a statement of the hot path goes to the driver without the machinery of SQLAlchemy.

Of what a statement costs a service two thirds are SQLAlchemy's: a greenlet, the key of its cache of compiled statements,
the context and the result. Here it is compiled once; what is left is the connection's own prepared statement. All else
is SQLAlchemy's own: the transaction (begun if it is not), the prepared statements of the connection, the errors, and what
becomes of a connection that broke. So both ways may be used side by side in one transaction.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn

import asyncpg
from pydantic_core import to_json
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.beginning import begin_with_next, may_travel

_DIALECT = dialect()  # type: ignore[no-untyped-call]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Row(asyncpg.Record):  # type: ignore[misc]  # asyncpg has no types
    """A row: values by attribute, by place and by name; it unpacks like a tuple.

    Names that a record has of its own (`items`, `keys`, `values`, `get`) are read as `row["items"]`.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Prepared:
    """A statement that every connection prepares once; made once, for the life of the process.

    `statement` is any of SQLAlchemy's, but without `in_` of a list (`= any_(…)` takes an array): its text must not
    depend on the values.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], dict[str, Any], tuple[str, ...]]:
        """The text for the server, the names of its parameters in order, those with a value of their own, those of JSON."""
        compiled: Any = self._statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError("the text of a prepared statement depends on its values")
        own = {name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required}
        json = tuple(name for bind, name in compiled.bind_names.items() if isinstance(bind.type, JSON))
        return compiled.string, tuple(compiled.positiontup or ()), own, json

    def given(self, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the text and its parameters in order; `KeyError` where a value is missing."""
        string, names, own, json = self._compiled
        if own:
            values = {**own, **values}
        if json:
            values = {**values, **{name: _json(values[name]) for name in json}}
        return string, [values[name] for name in names]


def _json(value: Any) -> str | None:
    return None if value is None else to_json(value).decode()


async def fetch(connection: AsyncConnection, statement: Prepared, values: Mapping[str, Any] = _NOTHING) -> list[Row]:
    """Execute `statement` with `values` by name in the transaction of `connection` and return all its rows.

    Raises what `connection.execute` raises, with the same `orig` and SQLSTATE.
    """
    string, given = statement.given(values)
    return await run(connection, string, given)


async def run(connection: AsyncConnection, string: str, given: Sequence[Any]) -> list[Row]:
    """Execute the text `string` of PostgreSQL with its parameters in order; else as `fetch`."""
    adapted = await _adapter(connection)
    try:
        async with adapted._execute_mutex:  # noqa: SLF001 (all as SQLAlchemy's own cursor does; its version is pinned)
            travels = may_travel(adapted)
            if adapted._transaction is None and not travels:  # noqa: SLF001 (as above)
                await adapted._start_transaction()  # noqa: SLF001 (as above)
            prepared, _ = await adapted._prepare(string, connection.dialect._invalidate_schema_cache_asof)  # type: ignore[attr-defined]  # noqa: SLF001
            if travels:
                begin_with_next(adapted)
            rows: list[Row] = await prepared.fetch(*given)
    except BaseException as error:  # noqa: BLE001 (it is raised; one that was cancelled costs the connection as well)
        await failed(connection, adapted, string, error)
    return rows


async def begun(connection: AsyncConnection) -> Any:
    """Return SQLAlchemy's adapter of the driver's connection, in a transaction."""
    adapted = await _adapter(connection)
    if adapted._transaction is None:  # noqa: SLF001 (as above)
        try:
            await adapted._start_transaction()  # noqa: SLF001 (as above)
        except BaseException as error:  # noqa: BLE001 (as above)
            await failed(connection, adapted, "BEGIN", error)
    return adapted


async def _adapter(connection: AsyncConnection) -> Any:
    """Return SQLAlchemy's adapter of the driver's connection; for SQLAlchemy it is in a transaction."""
    if not connection.in_transaction():
        await connection.begin()
    return connection.sync_connection.connection.dbapi_connection  # type: ignore[union-attr]  # it is connected


async def failed(connection: AsyncConnection, adapted: Any, string: str, error: BaseException) -> NoReturn:
    """Raise the `error` of the statement `string` as SQLAlchemy does; the connection is given up where it broke."""
    told = _translated(adapted, error)

    def handle(sync: Connection) -> NoReturn:
        dbapi: Any = sync.dialect.loaded_dbapi
        if isinstance(told, dbapi.InvalidCachedStatementError):
            sync.dialect._invalidate_schema_cache()  # type: ignore[attr-defined]  # noqa: SLF001 (as above)
        try:
            raise told  # noqa: TRY301 (it asks for what is being handled)
        except BaseException:  # noqa: BLE001 (as above)
            sync._handle_dbapi_exception(told, string if isinstance(told, dbapi.Error) else None, None, None, None)  # noqa: SLF001

    await connection.run_sync(handle)
    raise told


def _translated(adapted: Any, error: BaseException) -> BaseException:
    """Return what SQLAlchemy's adapter makes of the driver's `error`."""
    if isinstance(error, Exception):
        try:
            adapted._handle_exception(error)  # noqa: SLF001 (as above)
        except Exception as told:  # noqa: BLE001 (that is how it answers)
            return told
    return error
