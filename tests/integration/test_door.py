"""The small door: the same rows, transactions and failures as by way of SQLAlchemy, and both side by side."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ARRAY, Select, Text, any_, bindparam, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.failures import is_transient, sqlstate, told
from shared.db import Prepared, create_engine, fetch, insert_rows
from shared.settings import Settings
from shared.testing.servers import fresh_tables
from tests.integration.test_db import metadata, rows, things
from tests.polling import until_a_lock_is_awaited

NAMES = bindparam("names", type_=ARRAY(Text))
NAMED = select(things).where(things.c.id == any_(NAMES)).order_by(things.c.count)
DIVIDE = text("SELECT 1 / :divisor")
ADD = text("INSERT INTO things (id, count) VALUES (:id, :count)")
LOCK = text("SELECT id FROM things WHERE id = :id FOR UPDATE")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with fresh_tables(database_url, metadata) as engine:
        yield engine


async def test_what_is_read_is_what_sqlalchemy_reads(engine: AsyncEngine) -> None:
    given = {"names": [row["id"] for row in rows(30)]}
    async with engine.begin() as connection:
        await insert_rows(connection, things, rows(30))
        by_door = await fetch(connection, Prepared(NAMED), given)
        by_sqlalchemy = (await connection.execute(NAMED, given)).all()
    assert [tuple(row) for row in by_door] == [tuple(row) for row in by_sqlalchemy]
    assert [dict(row) for row in by_door] == rows(30)
    first = by_door[0]
    assert (first.id, first["id"], first[0]) == (rows(1)[0]["id"],) * 3
    with pytest.raises(AttributeError, match="nobody"):
        _ = first.nobody


@pytest.mark.parametrize("good", [None, {"词": ["一", 1, None]}])
async def test_a_statement_may_have_values_of_its_own_and_json(engine: AsyncEngine, good: object) -> None:
    bound = bindparam("told", type_=things.c.told.type)
    change = things.update().where(things.c.id == "a", things.c.count > 1).values(told=bound).returning(things.c.told)
    own = Prepared(select(things.c.id).where(things.c.count >= 2).order_by(things.c.count).limit(2))
    async with engine.begin() as connection:
        await insert_rows(connection, things, [{"id": name, "count": n} for n, name in enumerate("zyxabc")])
        assert [row.id for row in await fetch(connection, own)] == ["x", "a"]
        assert [row.told for row in await fetch(connection, Prepared(change), {"told": good})] == [good]
        with pytest.raises(KeyError, match="told"):
            await fetch(connection, Prepared(change))


def by_list() -> Select[tuple[str]]:
    return select(things.c.id).where(things.c.id.in_(["a", "b"]))


async def test_a_statement_whose_text_depends_on_its_values_is_refused(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        with pytest.raises(TypeError, match="depends on its values"):
            await fetch(connection, Prepared(by_list()))


async def test_the_first_statement_begins_the_transaction_and_others_go_on_with_it(engine: AsyncEngine) -> None:
    count = Prepared(text("SELECT count(*) FROM things"))
    add = Prepared(text("INSERT INTO things (id, count) VALUES (:id, 1)"))
    async with engine.connect() as connection:
        await fetch(connection, add, {"id": "a"})
        await connection.execute(things.insert().values(id="b", count=1))
        await fetch(connection, add, {"id": "c"})
        async with connection.begin_nested() as savepoint:
            await fetch(connection, add, {"id": "d"})
            await savepoint.rollback()
        assert (await fetch(connection, count))[0][0] == 3
        await connection.rollback()
        assert (await fetch(connection, count))[0][0] == 0
        await fetch(connection, add, {"id": "e"})
        await connection.commit()
    async with engine.connect() as connection:
        assert [row.id for row in await fetch(connection, Prepared(select(things.c.id)))] == ["e"]


async def test_begin_travels_with_the_first_statement(engine: AsyncEngine) -> None:
    begun_at = Prepared(text("SELECT now(), txid_current()"))
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        asked: list[str] = []
        with driver.query_logger(lambda record: asked.append(record.query)):
            (first,) = await fetch(connection, begun_at)
            (second,) = await fetch(connection, begun_at)
            assert driver.is_in_transaction()
            await connection.commit()
        (third,) = await fetch(connection, begun_at)
    assert asked == ["COMMIT"], "neither statement is among what asyncpg sends by its own text, nor is BEGIN"
    assert tuple(first) == tuple(second)
    assert third[0] > first[0]
    assert third[1] != first[1]


async def test_a_first_statement_that_fails_leaves_the_transaction_to_be_rolled_back(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await fetch(connection, Prepared(DIVIDE), {"divisor": 0})
        with pytest.raises(DBAPIError) as failure:
            await fetch(connection, Prepared(DIVIDE), {"divisor": 1})
        assert sqlstate(failure.value) == "25P02"
        await connection.rollback()
        assert [row[0] for row in await fetch(connection, Prepared(DIVIDE), {"divisor": 1})] == [1]


async def test_a_first_statement_with_a_value_that_cannot_be_sent(engine: AsyncEngine) -> None:
    add = Prepared(ADD)
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for _ in range(3):
            with pytest.raises(DBAPIError, match="expected str"):
                await fetch(connection, add, {"id": 7, "count": 1})
            await connection.rollback()
            assert not driver.is_in_transaction()
        await fetch(connection, add, {"id": "a", "count": 1})
        await connection.commit()
        with pytest.raises(DBAPIError, match="expected str"):
            await fetch(connection, add, {"id": 7, "count": 1})
        assert [row.id for row in await fetch(connection, Prepared(select(things.c.id)))] == ["a"]
        await connection.commit()
        assert not driver.is_in_transaction()


async def test_a_transaction_of_a_certain_kind_begins_as_sqlalchemy_begins_it(engine: AsyncEngine) -> None:
    level = Prepared(text("SELECT current_setting('transaction_isolation')"))
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="SERIALIZABLE")
        assert [row[0] for row in await fetch(connection, level)] == ["serializable"]
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await fetch(connection, Prepared(ADD), {"id": "a", "count": 1})
        await connection.rollback()
    async with engine.connect() as connection:
        assert [row[0] for row in await fetch(connection, level)] == ["read committed"]
        assert [row.id for row in await fetch(connection, Prepared(select(things.c.id)))] == ["a"]


async def by_sqlalchemy(connection: AsyncConnection, statement: Any, values: dict[str, Any]) -> None:
    await connection.execute(statement, values)


async def by_door(connection: AsyncConnection, statement: Any, values: dict[str, Any]) -> None:
    await fetch(connection, Prepared(statement), values)


WAYS = pytest.mark.parametrize("execute", [by_sqlalchemy, by_door])


@WAYS
@pytest.mark.parametrize(
    ("statement", "values", "state", "why"),
    [
        (DIVIDE, {"divisor": 0}, "22012", "Error"),
        (text("SELECT nothing FROM things"), {}, "42703", "ProgrammingError"),
        (ADD, {"id": "空调 0\t\\N", "count": 1}, "23505", "UniqueViolationError"),
        (ADD, {"id": "a", "count": None}, "23502", "NotNullViolationError"),
    ],
)
async def test_a_failure_is_the_same_as_by_way_of_sqlalchemy(
    engine: AsyncEngine, execute: Any, statement: Any, values: dict[str, Any], state: str, why: str
) -> None:
    async with engine.begin() as connection:
        await insert_rows(connection, things, rows(1))
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as failure:
            await execute(connection, statement, values)
        assert (sqlstate(failure.value), told(failure.value)["why"]) == (state, why)
        assert not is_transient(failure.value)
        assert "空调" not in str(failure.value.statement)
        await connection.rollback()
        assert await connection.scalar(select(things.c.count)) == 0


@WAYS
async def test_a_connection_cut_off_is_the_servers_failure_and_another_one_takes_its_place(
    engine: AsyncEngine, execute: Any
) -> None:
    async def cut_off() -> None:
        async with engine.begin() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with engine.connect() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid, 60000)"), {"pid": pid})
            await execute(connection, DIVIDE, {"divisor": 1})

    with pytest.raises(DBAPIError) as failure:
        await cut_off()
    assert is_transient(failure.value)
    assert failure.value.connection_invalidated
    async with engine.begin() as connection:
        await execute(connection, DIVIDE, {"divisor": 1})


@WAYS
async def test_a_statement_that_takes_too_long_is_the_servers_failure(database_url: str, execute: Any) -> None:
    engine = create_engine(Settings(database_url=database_url), command_seconds=0.2)
    async with engine.connect() as connection:
        with pytest.raises(TimeoutError) as failure:
            await execute(connection, text("SELECT pg_sleep(60)"), {})
    await engine.dispose()
    assert is_transient(failure.value)


@WAYS
async def test_a_statement_cancelled_leaves_nothing_behind(engine: AsyncEngine, execute: Any) -> None:
    async def wait() -> None:
        async with engine.begin() as connection:
            await connection.execute(things.insert().values(id="late", count=1))
            await execute(connection, LOCK, {"id": "a"})

    async with engine.begin() as connection:
        await connection.execute(things.insert().values(id="a", count=1))
    async with engine.begin() as first:
        await first.execute(LOCK, {"id": "a"})
        second = asyncio.create_task(wait())
        await until_a_lock_is_awaited(engine)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
    async with engine.begin() as connection:
        assert (await connection.execute(select(things.c.id))).scalars().all() == ["a"]


@WAYS
async def test_a_statement_prepared_before_the_table_changed_fails_once_and_is_prepared_anew(
    engine: AsyncEngine, execute: Any
) -> None:
    everything = text("SELECT * FROM things")
    async with engine.connect() as connection:
        await execute(connection, everything, {})
        await connection.commit()
        async with engine.begin() as other:
            await other.execute(text("ALTER TABLE things ADD COLUMN more integer"))
        with pytest.raises(DBAPIError) as failure:
            await execute(connection, everything, {})
        assert sqlstate(failure.value) in {"", "0A000"}
        await connection.rollback()
        await execute(connection, everything, {})


ARRAYS: dict[str, list[Any]] = {
    "boolean": [True, None],
    "bytea": [b"\0\xff", None],
    "smallint": [1, None],
    "integer": [1, None],
    "bigint": [1 << 40, None],
    "real": [0.5, None],
    "double precision": [1 / 3, None],
    "date": [date(2026, 11, 23), None],
    "timestamp": [datetime(2026, 11, 23, 1), None],  # noqa: DTZ001 (the type has no zone)
    "timestamp with time zone": [datetime(2026, 11, 23, 1, tzinfo=UTC), None],
    "interval": [timedelta(minutes=1), None],
    "numeric": [Decimal("1.50"), None],
    "uuid": [UUID(int=7), None],
    "jsonb": ['{"a": 1}', None],
}


async def test_arrays_are_known_without_a_question_to_the_catalogue(engine: AsyncEngine) -> None:
    columns = ", ".join(f"CAST(:a{n} AS {name}[])" for n, name in enumerate(ARRAYS))
    given = {f"a{n}": values for n, values in enumerate(ARRAYS.values())}
    asked = Prepared(
        text("SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'WITH RECURSIVE typeinfo%'")
    )
    await engine.dispose()  # a connection that has asked for nothing yet
    async with engine.connect() as connection:
        row = (await fetch(connection, Prepared(text(f"SELECT {columns}")), given))[0]
        assert await fetch(connection, asked) == []
    assert list(row) == [*list(ARRAYS.values())[:-1], [{"a": 1}, None]]
