"""A running `yingda up` with its own data, as another program sees it."""

import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import asyncpg
import nats
from nats.aio.client import Client

from shared.cli.endpoints import Endpoints, read_endpoints
from shared.clock import SystemClock
from shared.db import create_engine
from shared.rehearsal import shared_clock
from shared.settings import Settings
from shared.testing.processes import ChildProcess
from shared.testing.servers import asyncpg_dsn
from shared.testing.service_process import service_process

CLOCK = "2026-11-23T10:00:00+08:00"
"""A Monday in office hours, whenever the run is made: the same rules hold for every run."""
READY_SECONDS = 120.0
STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RunningSuite:
    """Where a suite is, and how long it took to be ready."""

    pid: int
    data: Path
    endpoints: Endpoints
    client: Client
    ready_seconds: float
    clock: SystemClock
    """The business clock, the same as the services'."""

    @property
    def names(self) -> dict[int, str]:
        """The services by process id."""
        return {pid: name for name, pid in self.endpoints.pids.items()}

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        """Yield a connection as the owner of the database."""
        connection = await asyncpg.connect(asyncpg_dsn(self.endpoints.database_url))
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def running_suite(data: Path, *, clock: str = CLOCK, only: Sequence[str] = ()) -> AsyncIterator[RunningSuite]:
    """Yield a suite with its data in `data`, ready, on a business clock that begins at `clock`; it is gone afterwards.

    `only` are the services that run, all for none named. Nothing of our own environment's settings reaches it.
    """
    data.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 (before anything runs that could wait)
    command = [sys.executable, "-m", "shared.cli.main", "up", "--data", str(data)]
    began = time.monotonic()
    process = await ChildProcess.spawn(
        [*command, *(part for name in only for part in ("--only", name))],
        log=data / "up.log",
        stop_signal=SIGTERM,
        environment=clean_environment() | {"YINGDA_CLOCK": f"{clock}@1", "YINGDA_LOG_LEVEL": "warning"},
        directory=Path.cwd(),
    )
    try:
        await process.until_ready(lambda: _ready(data), READY_SECONDS)
        seconds = round(time.monotonic() - began, 2)
        endpoints = read_endpoints(data)
        if endpoints is None:
            raise RuntimeError("the suite took its endpoints file back")
        client = await nats.connect(endpoints.nats_url, name="yingda-bench", pending_size=64 * 1024 * 1024)
        try:
            shared = await _clock_of(endpoints, f"{clock}@1")
            yield RunningSuite(process.pid, data, endpoints, client, seconds, shared)
        finally:
            await client.close()
    finally:
        await process.stop(STOP_SECONDS)


@asynccontextmanager
async def another(suite: RunningSuite, name: str) -> AsyncIterator[None]:
    """Let a second process of the service `name` share the work of the suite's own, ready; it is stopped afterwards."""
    endpoints = suite.endpoints
    settings = {"YINGDA_CLOCK": f"{CLOCK}@1", "YINGDA_DATA": str(suite.data)}
    async with service_process(name, endpoints.database_url, endpoints.nats_url, **settings) as process:
        yield
        process.terminate()
        await process.wait()


def clean_environment() -> dict[str, str]:
    """Return our environment without settings of the suite: what is measured are its own servers and defaults."""
    return {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}


async def _clock_of(endpoints: Endpoints, spec: str) -> SystemClock:
    engine = create_engine(Settings(database_url=endpoints.database_url))
    try:
        async with engine.begin() as connection:
            return await shared_clock(connection, spec)
    finally:
        await engine.dispose()


async def _ready(data: Path) -> bool:
    return read_endpoints(data) is not None
