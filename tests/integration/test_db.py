"""Rows reach PostgreSQL the same way whether they are few or many, and a failure is one that the runtime understands."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, DateTime, Double, Integer, Interval, LargeBinary, Table, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.failures import is_transient, sqlstate
from shared.db import COPY_FROM, insert_rows, schema_of
from shared.testing.servers import fresh_tables

metadata = schema_of("public")
things = Table(
    "things",
    metadata,
    Column("id", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("share", Double),
    Column("at", DateTime(timezone=True)),
    Column("took", Interval),
    Column("good", Boolean),
    Column("told", JSONB),
    Column("body", LargeBinary),
)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with fresh_tables(database_url, metadata) as engine:
        yield engine


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    at = datetime(2026, 11, 23, 2, 15, 0, 123456, tzinfo=UTC)
    return [
        {
            "id": f"空调 {n}\t\\N",
            "count": n,
            "share": None if n % 2 else n / 3,
            "at": at + timedelta(seconds=n),
            "took": timedelta(minutes=n, microseconds=1),
            "good": None if n % 3 else bool(n % 2),
            "told": None if n % 5 == 1 else {"词": ["一", n, None]},
            "body": b"\0\xff\n" * n,
        }
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize("count", [1, COPY_FROM - 1, COPY_FROM, 500])
async def test_what_is_written_is_what_is_read(engine: AsyncEngine, count: int) -> None:
    async with engine.begin() as connection:
        await insert_rows(connection, things, rows(count))
    async with engine.connect() as connection:
        found = (await connection.execute(select(things).order_by(things.c.count))).mappings().all()
    assert [dict(one) for one in found] == rows(count)


async def test_many_rows_are_part_of_the_transaction_also_as_its_first_statement(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await insert_rows(connection, things, rows(100))
        await connection.rollback()
    async with engine.connect() as connection:
        assert (await connection.execute(select(things.c.id))).all() == []


async def test_a_row_that_is_there_already_is_the_messages_own_failure(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await insert_rows(connection, things, rows(1, first=7))
    with pytest.raises(DBAPIError) as failure:
        async with engine.begin() as connection:
            await insert_rows(connection, things, rows(20))
    assert sqlstate(failure.value) == "23505"
    assert not is_transient(failure.value)
    assert "空调" not in str(failure.value.statement), "a log must not quote values"


async def test_a_connection_cut_in_the_middle_is_the_servers_failure(engine: AsyncEngine) -> None:
    async def cut_off() -> None:
        async with engine.begin() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with engine.connect() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid, 60000)"), {"pid": pid})
            await insert_rows(connection, things, rows(20))

    with pytest.raises(DBAPIError) as failure:
        await cut_off()
    assert is_transient(failure.value)
    async with engine.begin() as connection:
        await insert_rows(connection, things, rows(20))
