"""Rows that are nearly always new: written once, whatever is there already or comes meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import DBAPIError

from services.sla.app import SERVICE
from services.sla.store.tables import agents, holiday_data, subjects
from shared.db import insert_new, insert_new_together
from shared.db.together import SAVEPOINT_FROM
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import MONDAY, SetClock
from tests.polling import until_a_lock_is_awaited


@pytest.fixture
async def bench(database_url: str, fresh_nats: str) -> AsyncIterator[ServiceBench]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as ready:
        yield ready


def rows(count: int, cycle: int = 0) -> list[dict[str, object]]:
    return [{"id": f"a{number:03}", "cycle": cycle, "changed_at": None} for number in range(count)]


@pytest.mark.parametrize("there", [0, 1, SAVEPOINT_FROM])
@pytest.mark.parametrize("count", [1, SAVEPOINT_FROM - 1, SAVEPOINT_FROM, SAVEPOINT_FROM * 3])
async def test_what_is_there_stays_and_the_rest_is_written(bench: ServiceBench, count: int, there: int) -> None:
    async with bench.engine.begin() as connection:
        await insert_new(connection, agents, rows(there, 7))
        written = await insert_new(connection, agents, rows(count))
        again = await insert_new(connection, agents, rows(count))
    assert (len(written), again) == (max(count - there, 0), set())
    assert sum(row.cycle == 7 for row in await bench.rows(agents)) == there
    assert await bench.count(agents) == max(count, there)


@pytest.mark.parametrize("there", [(0, 0), (1, 0), (0, 1), (2, 2)])
@pytest.mark.parametrize("count", [0, 1, SAVEPOINT_FROM])
async def test_rows_of_two_tables_are_written_together(bench: ServiceBench, count: int, there: tuple[int, int]) -> None:
    def holidays(count: int, digest: str = "new") -> list[dict[str, object]]:
        return [{"edition": 100 + number, "digest": digest, "first_used_at": MONDAY} for number in range(count)]

    async with bench.engine.begin() as connection:
        await insert_new(connection, holiday_data, holidays(there[0], "old"), key="edition")
        await insert_new(connection, agents, rows(there[1], 7))
        written = await insert_new_together(
            connection, [(holiday_data, holidays(max(count, 3))), (agents, rows(count))], key="id"
        )
    assert len(written) == max(count - there[1], 0)
    kept = [row.digest for row in await bench.rows(holiday_data) if row.edition >= 100]
    assert kept == ["old"] * there[0] + ["new"] * (max(count, 3) - there[0])
    assert [row.cycle for row in await bench.rows(agents)] == [7] * there[1] + [0] * max(count - there[1], 0)


async def test_what_another_transaction_writes_at_that_moment_is_left_to_it(bench: ServiceBench) -> None:
    async def late() -> set[str]:
        async with bench.engine.begin() as connection:
            return await insert_new(connection, agents, rows(SAVEPOINT_FROM))

    async with bench.engine.begin() as first:
        await insert_new(first, agents, rows(2, 7))
        second = asyncio.create_task(late())
        await until_a_lock_is_awaited(bench.engine)
    assert len(await second) == SAVEPOINT_FROM - 2
    assert await bench.count(agents) == SAVEPOINT_FROM


async def test_any_other_trouble_is_told(bench: ServiceBench) -> None:
    broken = [{"id": f"s{number}", "cycle": None} for number in range(SAVEPOINT_FROM)]
    with pytest.raises(DBAPIError, match="null value"):
        async with bench.engine.begin() as connection:
            await insert_new(connection, subjects, broken)
