"""Rows of several tables are written in one statement, in their order, and with the transaction that they belong to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.failures import sqlstate
from shared.bus.transaction import Transaction
from shared.db import COPY_FROM, insert_together, schema_of
from shared.testing.servers import fresh_tables

metadata = schema_of("public")
people = Table(
    "people",
    metadata,
    Column("name", Text, primary_key=True),
    Column("facts", JSONB),
    Column("born", DateTime(timezone=True)),
)
letters = Table(
    "letters",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("sender", ForeignKey("people.name"), nullable=False),
    Column("body", LargeBinary),
)
visits = Table("visits", metadata, Column("name", ForeignKey("people.name")), Column("times", Integer))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with fresh_tables(database_url, metadata) as engine:
        yield engine


def named(count: int) -> list[dict[str, Any]]:
    return [{"name": f"张{n}", "facts": {"n": [n, None, "词"]} if n else None} for n in range(count)]


def letters_of(count: int) -> list[dict[str, Any]]:
    return [{"sender": f"张{n}", "body": b"\0%d" % n} for n in range(count)]


async def counts(connection: AsyncConnection) -> list[int | None]:
    return [await connection.scalar(select(func.count()).select_from(table)) for table in (people, visits, letters)]


@pytest.mark.parametrize("persons", [1, COPY_FROM - 1, COPY_FROM])
@pytest.mark.parametrize("visitors", [0, 1, COPY_FROM])
async def test_what_refers_to_another_row_is_written_with_it(engine: AsyncEngine, persons: int, visitors: int) -> None:
    came = [{"name": "张0", "times": n} for n in range(visitors)]
    async with engine.begin() as connection:
        found = await insert_together(
            connection, [(people, named(persons)), (visits, came), (letters, letters_of(persons))], returning="id"
        )
    assert [row.id for row in found] == list(range(1, persons + 1))
    async with engine.connect() as connection:
        assert await counts(connection) == [persons, visitors, persons]
        rows = (await connection.execute(select(people.c.name, people.c.facts))).mappings()
        assert sorted(map(dict, rows), key=str) == sorted(named(persons), key=str)
        sent = await connection.execute(select(letters.c.sender, letters.c.body).order_by(letters.c.id))
        assert [dict(row) for row in sent.mappings()] == letters_of(persons)


async def test_one_table_twice_and_rows_of_other_columns(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        parts = [(people, named(2)), (people, [{"name": "李", "born": None}]), (visits, [])]
        assert await insert_together(connection, parts, returning="name") == []
        assert await counts(connection) == [3, 0, 0]


async def test_nothing_to_write_asks_for_nothing(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await insert_together(connection, []) == []
        assert not connection.in_transaction()


async def test_what_fails_is_undone_with_all_the_rest(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as failure:
            await insert_together(connection, [(people, named(2)), (letters, letters_of(3))])
        assert sqlstate(failure.value) == "23503"
        await connection.rollback()
        assert await counts(connection) == [0, 0, 0]


async def test_rows_of_a_transaction_are_written_when_it_says_so_or_at_its_end(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        tx = Transaction(connection, datetime(2026, 11, 23, 2, tzinfo=UTC), "yingda/test")
        tx.insert(people, named(2))
        tx.insert(visits, [])
        assert await counts(connection) == [0, 0, 0]
        found = await tx.write((letters, letters_of(1)), returning="id")
        assert [row.id for row in found] == [1]
        assert await counts(connection) == [2, 0, 1]
        assert await tx.write() == []
        assert await counts(connection) == [2, 0, 1]
