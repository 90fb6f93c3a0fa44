"""A database as it is after a year: the packaged working day, worked off by its staff, repeated until it is a million.

Every table of every service that grows with the contacts grows; what a service keeps for some weeks only, such as its
outbox, as much as these weeks leave.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGTERM
from typing import Final

import asyncpg
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Table

from shared.bench.copying import SPREAD_DAYS, Copies, copied, copy_rows
from shared.bench.suite import clean_environment
from shared.service import Service
from shared.testing.embedded import EmbeddedPostgres
from shared.testing.processes import ChildProcess
from shared.testing.servers import asyncpg_dsn

DEMO_SPEED: Final = 1_000
KEPT_DAYS: Final = 28
"""How far back inboxes, outboxes and answered commands reach."""
_AT_ONCE: Final = 2
_STOP_SECONDS: Final = 30.0
WORK_ORDERS: Final = "routing.work_orders"
CLOCKS: Final = "sla.clocks"


class Seeded(BaseModel):
    """What was stored."""

    model_config = ConfigDict(frozen=True)

    work_orders: int
    clocks: int
    rows: int
    database_gb: float
    seconds: float


class DemoFailedError(Exception):
    """The working day that is to be repeated could not be rehearsed."""


async def seed(
    folder: Path, services: Mapping[str, Service], work_orders: int, clocks: int, tell: Callable[[str], None]
) -> Seeded:
    """Leave a suite's folder with so many finished work orders and clocks, not running."""
    began = time.monotonic()
    tell("growth: a working day is rehearsed")
    await _rehearse(folder)
    async with EmbeddedPostgres(folder / "postgres") as postgres:
        dsn = asyncpg_dsn(postgres.url)
        rows = await _multiply(dsn, services, work_orders, clocks, tell)
        tell(f"growth: {rows} rows stored; they are analyzed")
        async with _connection(dsn) as connection:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
            size = await connection.fetchval("SELECT pg_database_size(current_database())")
            return Seeded(
                work_orders=await connection.fetchval(f"SELECT count(*) FROM {WORK_ORDERS}"),
                clocks=await connection.fetchval(f"SELECT count(*) FROM {CLOCKS}"),
                rows=rows,
                database_gb=round(size / 1e9, 2),
                seconds=round(time.monotonic() - began, 1),
            )


async def _rehearse(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 (before anything runs that could wait)
    log = folder.with_name(f"{folder.name}-demo.log")
    process = await ChildProcess.spawn(
        [*(sys.executable, "-m", "shared.cli.main", "demo"), *("--data", str(folder), "--speed", str(DEMO_SPEED))],
        log=log,
        stop_signal=SIGTERM,
        environment=clean_environment() | {"YINGDA_LOG_LEVEL": "warning"},
        directory=Path.cwd(),
    )
    try:
        code = await process.wait()
    finally:
        await process.stop(_STOP_SECONDS)
    if code != 0:
        raise DemoFailedError(f"the rehearsal ended with exit code {code}. {process.log_tail()}")


async def _multiply(
    dsn: str, services: Mapping[str, Service], work_orders: int, clocks: int, tell: Callable[[str], None]
) -> int:
    """Repeat what the day left in every service's tables; return how many rows were added."""
    async with _connection(dsn) as connection:
        day: int = await connection.fetchval(f"SELECT count(*) FROM {WORK_ORDERS}")
        ticking: int = await connection.fetchval(f"SELECT count(*) FROM {CLOCKS}")
    copies = Copies(max(1, round(work_orders / day)))
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(table: Table, count: int) -> int:
        async with turns, _connection(dsn) as connection:
            await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
            added = await copy_rows(connection, table, copies, count)
            tell(f"growth: {table.fullname} has {added} rows more")
            return added

    jobs = []
    for service in services.values():
        brief = (service.tables.inbox, service.tables.outbox, service.tables.commands)
        left_out = (service.tables.dead_letters, service.tables.parked)
        for table in service.metadata.sorted_tables:
            if table in left_out or not copied(table):
                continue
            count = copies.count * KEPT_DAYS // SPREAD_DAYS if table in brief else copies.count
            if table.fullname == CLOCKS:  # a day leaves more of them per work order than is asked for
                count = max(1, round(clocks / ticking))
            jobs.append(one(table, count))
    return sum(await asyncio.gather(*jobs))


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, server_settings={"maintenance_work_mem": "512MB"})
    try:
        yield connection
    finally:
        await connection.close()
