"""What has had its time is removed, with what belongs to it, and nothing else is."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, DateTime, Row, Table, Text, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics
from shared.bus.outbox import Outbox
from shared.bus.transaction import Transaction
from shared.clock import SystemClock
from shared.db import insert_rows, schema_of
from shared.retention import BATCH, Expiry, Retention, remove, runtime_expiries
from shared.testing.servers import fresh_tables
from tests.integration.runtime_probe import Probe, published, tables
from tests.integration.runtime_probe import probe as probe

metadata = schema_of("public")
orders = Table("orders", metadata, Column("id", Text, primary_key=True), Column("closed_at", DateTime(timezone=True)))
lines = Table("lines", metadata, Column("order_id", Text), Column("text", Text))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with fresh_tables(database_url, metadata) as engine:
        yield engine


async def fill(engine: AsyncEngine, closed: dict[str, datetime | None]) -> None:
    async with engine.begin() as connection:
        await insert_rows(connection, orders, [{"id": key, "closed_at": at} for key, at in closed.items()])
        await insert_rows(connection, lines, [{"order_id": key, "text": "a"} for key in closed for _ in range(2)])


async def ids(engine: AsyncEngine, column: Column[str]) -> set[str]:
    async with engine.connect() as connection:
        return set((await connection.execute(select(column))).scalars())


def retention(engine: AsyncEngine) -> Retention:
    async def lines_too(tx: Transaction, rows: Sequence[Row[Any]]) -> None:
        await remove(tx.connection, lines.c.order_id, [row.id for row in rows])

    gone = Expiry(orders, orders.c.closed_at, 30, of=(orders.c.id,), follow=lines_too)
    unused: Any = None  # nothing is emitted
    return Retention(Outbox("probe", engine, tables, SystemClock(), unused), [gone])


async def test_what_is_old_goes_with_what_belongs_to_it(engine: AsyncEngine) -> None:
    now = SystemClock().now()
    await fill(engine, {"old": now - timedelta(days=31), "new": now - timedelta(days=29), "open": None})
    await retention(engine).turn()
    assert await ids(engine, orders.c.id) == {"new", "open"}
    assert await ids(engine, lines.c.order_id) == {"new", "open"}


async def test_many_go_in_small_transactions_until_none_is_left(engine: AsyncEngine) -> None:
    now = SystemClock().now()
    before = metrics.EXPIRED.labels("probe", "orders")._value.get()
    await fill(engine, {f"o{n}": now - timedelta(days=40) for n in range(2 * BATCH + 7)} | {"open": None})
    await retention(engine).turn()
    assert await ids(engine, orders.c.id) == {"open"}
    assert await ids(engine, lines.c.order_id) == {"open"}
    assert metrics.EXPIRED.labels("probe", "orders")._value.get() - before == 2 * BATCH + 7


async def test_a_row_that_somebody_holds_waits_for_the_next_turn(engine: AsyncEngine) -> None:
    now = SystemClock().now()
    await fill(engine, {"held": now - timedelta(days=40), "free": now - timedelta(days=40)})
    async with engine.begin() as holder:
        await holder.execute(select(orders).where(orders.c.id == "held").with_for_update())
        await retention(engine).turn()
        assert await ids(engine, orders.c.id) == {"held"}
    await retention(engine).turn()
    assert await ids(engine, orders.c.id) == set()


async def test_messages_go_after_their_days_but_never_what_was_not_sent(probe: Probe) -> None:
    probe.answer = True
    await probe.publish(*(published(f"m{n}") for n in range(3)))
    for _ in range(3):
        await probe.consume(1)
    await probe.outbox.relay()
    async with probe.engine.begin() as connection:
        await connection.execute(text("UPDATE probe.outbox SET created_at = created_at - interval '31 days'"))
        await connection.execute(
            text("UPDATE probe.outbox SET sent_at = NULL WHERE id = (SELECT min(id) FROM probe.outbox)")
        )
        await connection.execute(text("UPDATE probe.inbox SET received_at = received_at - interval '60 days'"))
    await Retention(probe.outbox, runtime_expiries(tables, 30)).turn()
    assert await probe.count(tables.outbox) == 1, "what nobody has been told stays"
    assert await probe.count(tables.inbox) == 3, "a replayed event may come a month later"
    async with probe.engine.begin() as connection:
        await connection.execute(text("UPDATE probe.inbox SET received_at = received_at - interval '2 days'"))
    await Retention(probe.outbox, runtime_expiries(tables, 30)).turn()
    assert await probe.count(tables.inbox) == 0


async def test_the_oldest_are_found_over_an_index(probe: Probe) -> None:
    async with probe.engine.connect() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        for expiry in runtime_expiries(tables, 30):
            query = select(func.count()).where(expiry.since < func.now()).order_by(None)
            plan = (await connection.execute(text(f"EXPLAIN {query}"))).scalars().all()
            assert any("Index" in line for line in plan), f"{expiry.table.name}: {plan}"
