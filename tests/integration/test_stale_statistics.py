"""A quiet night ends all work orders, PostgreSQL looks at the tables, and the morning begins.

It takes the indexes of what is open for empty then. A statement that reads the whole of one for each contact is quick at
first and slower with every work order: with a million stored, three times the processor for a contact.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.feedback.store.callbacks import _WITHDRAW
from services.routing.store.beside import _BESIDE
from services.sla.app import SERVICE as SLA
from services.sla.store.clocks import _LIVE
from shared.db import Prepared
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.builders import opened_workorder
from shared.testing.clock import MONDAY, SetClock
from shared.testing.servers import asyncpg_dsn
from tests.integration.routing_house import House
from tests.integration.routing_house import house as house
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import Life

YESTERDAY, THIS_MORNING = 3_000, 1_500
"""Rows that had ended when PostgreSQL last looked, and live ones that came afterwards."""


@pytest.fixture
async def sla(database_url: str, fresh_nats: str) -> AsyncIterator[ServiceBench]:
    async with service_bench(SLA, database_url, fresh_nats, clock=SetClock()) as ready:
        yield ready


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of whom the tables belong to; the plans are the same for all."""
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    yield connection
    await connection.close()


async def repeat(owner: asyncpg.Connection, table: str, changes: str, over: str) -> None:
    """Repeat a row of `table` under other names: first as it is when it is over, then live ones nobody has counted."""
    insert = f"INSERT INTO {table} SELECT (jsonb_populate_record(model, {changes} || $1::jsonb)).* FROM model, generate_series($2::int, $3::int) AS n"
    async with owner.transaction():
        await owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        await owner.execute(f"CREATE TEMP TABLE model ON COMMIT DROP AS SELECT * FROM {table} LIMIT 1")
        await owner.execute(f"DELETE FROM {table}")
        await owner.execute(insert, over, 1, YESTERDAY)
        await owner.execute(f"ANALYZE {table}")
        await owner.execute(insert, "{}", YESTERDAY + 1, YESTERDAY + THIS_MORNING)


async def plan(owner: asyncpg.Connection, statement: Prepared, values: Mapping[str, Any]) -> str:
    string, given = statement.given(values)
    return "\n".join(row[0] for row in await owner.fetch(f"EXPLAIN {string}", *given))


async def test_the_open_work_orders_of_a_customer_are_found_by_the_customer(
    house: House, owner: asyncpg.Connection
) -> None:
    """R-IN-06."""
    await house.opened(customer_id="k-0")
    changes = (
        "jsonb_build_object('id', 'w' || n, 'number', 'n' || n, 'contact_id', 'c' || n, 'source_id', 's' || n, "
        "'customer_id', 'k' || n)"
    )
    await repeat(owner, "routing.work_orders", changes, '{"status": "closed"}')
    customers = [f"k{number}" for number in range(YESTERDAY + 1, YESTERDAY + 251)]
    day = timedelta(days=1)
    told = await plan(
        owner,
        _BESIDE,
        {
            "contacts": ["c0"],
            "ids": customers,
            "complaints": ["complaint"],
            "complained_since": MONDAY - day,
            "complained_until": MONDAY + day,
            "since": MONDAY - day,
            "until": MONDAY + day,
        },
    )
    assert "work_orders_of_customer" in told
    assert "work_orders_live" not in told


async def test_the_live_clocks_of_a_work_order_are_found_by_the_work_order(
    sla: ServiceBench, owner: asyncpg.Connection
) -> None:
    """R-SLA-01."""
    await sla.happens(opened_workorder())
    changes = "jsonb_build_object('id', 'c' || n, 'owner', 'w' || n, 'subject_id', 'w' || n)"
    await repeat(owner, "sla.clocks", changes, '{"state": "met", "next_at": null}')
    told = await plan(owner, _LIVE, {"ids": [f"w{YESTERDAY + number}" for number in range(1, 251)]})
    assert "clocks_key" in told
    assert "clocks_live" not in told


async def test_the_callbacks_of_a_work_order_are_found_by_the_work_order(
    desk: Bench, owner: asyncpg.Connection
) -> None:
    """R-FB-01."""
    await desk.tell(*Life("w1").approved())
    changes = "jsonb_build_object('id', 'c' || n, 'work_order_id', 'w' || n)"
    await repeat(owner, "feedback.callbacks", changes, '{"state": "completed", "next_at": null}')
    ended = [f"w{YESTERDAY + number}" for number in range(1, 251)]
    told = await plan(owner, _WITHDRAW, {"ended": ended, "closed": [], "reopened": [], "cycles": []})
    assert "callbacks_of_work_order" in told
    assert "callbacks_open" not in told
