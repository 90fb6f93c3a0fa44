"""Keeps the clocks of all services together: PostgreSQL's time, and one beginning for a rehearsal clock."""

import math
import time
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import SystemClock, parse_clock
from shared.db import create_engine
from shared.provision import SUITE_SCHEMA
from shared.settings import Settings

_LOOKS: Final = 5
_QUICK_SECONDS: Final = 0.005


async def read_database_clock(connection: AsyncConnection, clock: SystemClock) -> None:
    """Set `clock` by PostgreSQL's, assuming that the answer took as long as the question.

    Of some answers the quickest counts: where the machine has much to do, as when all services start, one may take half a
    second, and the services would differ by as much in what they say happened when.
    """
    quickest = math.inf
    for _ in range(_LOOKS):
        before = time.monotonic()
        at = await connection.scalar(text("SELECT clock_timestamp()"))
        taken = time.monotonic() - before
        if taken < quickest:
            quickest = taken
            clock.set_reference(at, before + taken / 2)
        if taken < _QUICK_SECONDS:
            return


async def shared_clock(connection: AsyncConnection, spec: str) -> SystemClock:
    """Return the clock that `spec` (`YINGDA_CLOCK`) asks for, the same in every process on this database."""
    clock = SystemClock(parse_clock(spec))
    await read_database_clock(connection, clock)
    if spec:
        table = f"{SUITE_SCHEMA}.clock"
        await connection.execute(
            text(f"INSERT INTO {table} (spec) VALUES (:spec) ON CONFLICT DO NOTHING"), {"spec": spec}
        )
        clock.anchor(await connection.scalar(text(f"SELECT anchor FROM {table} WHERE spec = :spec"), {"spec": spec}))
    return clock


async def clock_of(settings: Settings) -> SystemClock:
    """Return the clock of a process that has no connection to PostgreSQL otherwise, as the others of the suite have it."""
    engine = create_engine(settings)
    try:
        async with engine.begin() as connection:
            return await shared_clock(connection, settings.clock)
    finally:
        await engine.dispose()


async def restart_clock(connection: AsyncConnection, spec: str) -> None:
    """Let the rehearsal clock `spec` begin now; for a suite whose services are not running yet."""
    await connection.execute(text(f"DELETE FROM {SUITE_SCHEMA}.clock WHERE spec = :spec"), {"spec": spec})
