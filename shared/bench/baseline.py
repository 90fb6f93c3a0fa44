"""A baseline: the stages of a footprint as five processes on servers of their own, started as the suite's are."""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from signal import SIGKILL
from typing import Literal

import asyncpg
import nats
from nats.aio.client import Client
from pydantic import BaseModel, ConfigDict

from shared.bench.atomic import Outgoing
from shared.bench.contacts import publish
from shared.bench.stage import Footprint, Stage
from shared.bench.stage_config import StageConfig
from shared.bench.stage_rows import SCHEMA, create
from shared.bench.streams import last_sequence, until_quiet
from shared.bench.suite import clean_environment
from shared.bench.usage import watching
from shared.bus.streams import EVENTS, STREAMS
from shared.service import Service
from shared.testing.embedded import EmbeddedServers
from shared.testing.processes import ChildProcess
from shared.testing.servers import asyncpg_dsn

Kind = Literal["bare", "classic"]
START_SECONDS = 30.0


class BaselineRun(BaseModel):
    """How fast a baseline took the same contacts."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    contacts: int
    seconds: float
    contacts_per_second: float
    events: int
    cpu_us_per_contact: dict[str, int]
    others_cores: float


async def run_baseline(
    kind: Kind,
    folder: Path,
    footprint: Footprint,
    services: Sequence[Service],
    contacts: Sequence[Outgoing],
    last_stages: Sequence[str],
    limit_seconds: float,
) -> BaselineRun:
    """Return how fast `contacts` passed through a pipeline that does what `footprint` says.

    The time ends with the last message of the stages `last_stages`, as the suite's ends with the last notice.
    """
    folder.mkdir(parents=True)  # noqa: ASYNC240 (before anything runs that could wait)
    async with EmbeddedServers(folder) as servers, AsyncExitStack() as stack:
        dsn = asyncpg_dsn(servers.database_url)
        client = await nats.connect(servers.nats_url, pending_size=64 * 1024 * 1024)
        stack.push_async_callback(client.close)
        await _provision(client, dsn, services, footprint.stages)
        names = {pid: name for name, pid in servers.pids.items()}
        started = []
        for stage in footprint.stages:
            config = StageConfig(nats_url=servers.nats_url, dsn=dsn, stage=stage, ready=folder / f"{stage.name}.ready")
            process = await _spawn(kind, config, folder)
            stack.push_async_callback(process.kill)
            names[process.pid] = stage.name
            started.append((process, partial(_exists, config.ready)))
        for process, ready in started:
            await process.until_ready(ready, START_SECONDS)
        with watching(os.getpid(), names) as usage:
            began = time.time()
            await publish(client, contacts)
            waiting = [(one.stream, one.name) for one in footprint.stages]
            await until_quiet(client, EVENTS.name, waiting, limit_seconds)
        subjects = [
            emission.subject for stage in footprint.stages if stage.name in last_stages for emission in stage.emits
        ]
        seconds = await _last(client, subjects) - began
        return BaselineRun(
            kind=kind,
            contacts=len(contacts),
            seconds=round(seconds, 2),
            contacts_per_second=round(len(contacts) / seconds, 1),
            events=await last_sequence(client, EVENTS.name),
            cpu_us_per_contact=usage.microseconds_per(len(contacts)),
            others_cores=usage.others_cores,
        )


async def _provision(client: Client, dsn: str, services: Sequence[Service], stages: Sequence[Stage]) -> None:
    """Create the streams and consumers that the suite has, and a table for each stage."""
    jetstream = client.jetstream()
    for stream in STREAMS:
        await jetstream.add_stream(stream.config())
    for service in services:
        await jetstream.add_consumer(service.stream.name, service.consumer.config())
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for stage in stages:
            await connection.execute(create(f"{SCHEMA}.{stage.name}"))
    finally:
        await connection.close()


async def _spawn(kind: Kind, config: StageConfig, folder: Path) -> ChildProcess:
    path = folder / f"{config.stage.name}.json"
    path.write_text(config.model_dump_json(), encoding="utf-8")
    return await ChildProcess.spawn(
        [sys.executable, "-m", f"shared.bench.{kind}_stage", str(path)],
        log=folder / f"{config.stage.name}.log",
        stop_signal=SIGKILL,
        environment=clean_environment(),
        directory=Path.cwd(),
    )


async def _exists(path: Path) -> bool:
    return path.exists()  # noqa: ASYNC240 (a file of our own, on a local disk)


async def _last(client: Client, subjects: Sequence[str]) -> float:
    """Return when the last message on any of the subjects was stored, in seconds since 1970."""
    found = [await client.jetstream().get_last_msg(EVENTS.name, subject) for subject in subjects]
    return max(message.time.timestamp() for message in found if message.time is not None)
