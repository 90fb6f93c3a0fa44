"""A million running clocks: how fast they are armed, and how late the watcher finds what is due.

Only `sla` runs: what the other services would do with a thousand breaches a second is not what is measured here.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from nats.aio.client import Client
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json
from sqlalchemy import Table, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bench.atomic import Outgoing, publish_atomically
from shared.bench.openings import openings
from shared.bench.quantiles import Quantiles, quantiles
from shared.bench.streams import last_sequence, read, until_quiet
from shared.bench.suite import RunningSuite, another, running_suite
from shared.bench.usage import resident_mb, watching
from shared.bus.streams import EVENTS
from shared.db import create_engine, insert_rows
from shared.policy import load_policy
from shared.service import find_service
from shared.settings import Settings
from shared.times import parse_rfc3339

SERVICE: Final = "sla"
CLOCKS: Final = 1_000_000
WORK_ORDERS: Final = 50_000
"""Opened through the event stream; the clocks that are then missing are written by the service's own statement."""
DUE_PER_SECOND: Final = 1_000
DUE_SECONDS: Final = 60
LEAD_SECONDS: Final = 30
"""From giving the clocks their due times to the first of these: writing sixty thousand rows takes some seconds."""
_LEAST: Final = 200
_FAR: Final = timedelta(days=30)
_AT_ONCE: Final = 1_000
_TEMPLATES: Final = 200
_SLOWEST: Final = 20
_BREACHED: Final = "yingda.event.sla.breached"
_STARTED: Final = "yingda.event.sla.started"


class Arming(BaseModel):
    """How fast clocks came to run."""

    model_config = ConfigDict(frozen=True)

    clocks: int
    seconds: float
    clocks_per_second: float


class Detection(BaseModel):
    """How what was due was found; lateness is from the due time to the breach on the stream."""

    model_config = ConfigDict(frozen=True)

    due: int
    due_per_second: float
    missed: int
    twice: int
    early: int
    lateness: Quantiles
    others_cores: float


class Deadlines(BaseModel):
    """A million running clocks."""

    model_config = ConfigDict(frozen=True)

    clocks: int
    armed_by_one: Arming
    """By one process, from events: `workorder.opened` read, clocks decided, stored, and `sla.started` on the stream."""
    armed: Arming
    """The same by two processes that share the consumer, as many as the reference machine has cores."""
    stored: Arming
    """By the statement that the service stores them with, alone, from this process: what the table allows."""
    detection: Detection
    memory_mb: dict[str, float]
    """Of the process of sla: at its start, with all clocks running, after the last was due."""
    memory_growth_mb: float
    """From all running to the end."""


async def measure_deadlines(folder: Path, size: float, tell: Callable[[str], None]) -> Deadlines:
    """Measure with a million clocks and 60 s of a thousand due; `size` is a share of the clocks and of the seconds."""
    clocks = find_service(SERVICE).metadata.tables[f"{SERVICE}.clocks"]
    total, due = max(2 * _LEAST, round(CLOCKS * size)), max(_LEAST, round(DUE_PER_SECOND * DUE_SECONDS * size))
    policy_version = load_policy().policy_version
    async with running_suite(folder / "suite", only=(SERVICE,)) as suite:
        pid = suite.endpoints.pids[SERVICE]
        memory = {"start": resident_mb(pid)}
        count = max(_LEAST // 4, round(WORK_ORDERS * size / 2))
        tell(f"deadlines: {count} work orders arm their clocks with one process, as many with two")
        by_one = await _arm(suite, openings(count, suite.clock.now(), policy_version))
        async with another(suite, SERVICE):
            armed = await _arm(suite, openings(count, suite.clock.now(), policy_version, first=count))
        missing = max(due, total - by_one.clocks - armed.clocks)
        tell(f"deadlines: {missing} further clocks are written")
        engine = create_engine(Settings(database_url=suite.endpoints.database_url), role=SERVICE)
        try:
            stored = await _store(engine, clocks, missing, suite.clock.now() + _FAR)
            memory["running"] = resident_mb(pid)
            tell(f"deadlines: {due} are due, {DUE_PER_SECOND} a second")
            detection = await _detect(suite, due)
        finally:
            await engine.dispose()
        memory["after"] = resident_mb(pid)
    return Deadlines(
        clocks=by_one.clocks + armed.clocks + stored.clocks,
        armed_by_one=by_one,
        armed=armed,
        stored=stored,
        detection=detection,
        memory_mb=memory,
        memory_growth_mb=round(memory["after"] - memory["running"], 1),
    )


async def _arm(suite: RunningSuite, events: Sequence[Outgoing]) -> Arming:
    """Publish `events` and return how fast their clocks came to run."""
    before = await _started(suite.client)
    began = time.time()
    for start in range(0, len(events), _AT_ONCE):
        await publish_atomically(suite.client, events[start : start + _AT_ONCE])
    await until_quiet(suite.client, EVENTS.name, [(EVENTS.name, SERVICE)], 60 + len(events) / _SLOWEST)
    last = await suite.client.jetstream().get_last_msg(EVENTS.name, _STARTED)
    seconds = (last.time or datetime.now(UTC)).timestamp() - began
    return _arming(await _started(suite.client) - before, seconds)


async def _started(client: Client) -> int:
    """Return how many clocks the stream tells of."""
    info = await client.jetstream().stream_info(EVENTS.name, subjects_filter=_STARTED)
    return (info.state.subjects or {}).get(_STARTED, 0)


async def _store(engine: AsyncEngine, clocks: Table, count: int, due_at: datetime) -> Arming:
    """Write `count` running clocks like those that events have armed, due at `due_at`, in transactions of a batch."""
    async with engine.connect() as connection:
        found = await connection.execute(select(clocks).where(text("state = 'running'")).limit(_TEMPLATES))
        templates = [dict(row) for row in found.mappings()]
    began = time.monotonic()
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count))
        rows = [_clock(templates[number % len(templates)], number, due_at) for number in numbers]
        async with engine.begin() as connection:
            await insert_rows(connection, clocks, rows)
    return _arming(count, time.monotonic() - began)


def _clock(template: Mapping[str, Any], number: int, due_at: datetime) -> dict[str, Any]:
    own = {"id": f"bench-{number:09d}", "owner": f"bench-{number // 5:09d}", "subject_id": f"bench-{number:09d}"}
    return {**template, **own, "due_at": due_at, "next_at": due_at, "next_mark": "breach", "warned": 100}


async def _detect(suite: RunningSuite, due: int) -> Detection:
    """Let `due` of the clocks run out, evenly over the seconds, and read from the stream when that was told."""
    client = suite.client
    before = await last_sequence(client, EVENTS.name)
    async with suite.database() as connection:
        await connection.execute("VACUUM ANALYZE sla.clocks")
        begin = suite.clock.now() + timedelta(seconds=LEAD_SECONDS)
        await connection.execute(
            "UPDATE sla.clocks SET due_at = made.at, next_at = made.at FROM (SELECT id, "
            "$1::timestamptz + (row_number() OVER (ORDER BY id) - 1) * interval '1 second' / $2::int AS at "
            "FROM sla.clocks WHERE id LIKE 'bench-%' ORDER BY id LIMIT $3) AS made WHERE clocks.id = made.id",
            begin,
            DUE_PER_SECOND,
            due,
            timeout=LEAD_SECONDS,
        )
    with watching(suite.pid, suite.names) as usage:
        end = begin + timedelta(seconds=due / DUE_PER_SECOND + 1)
        await asyncio.sleep(suite.clock.seconds_until(end))
        await until_quiet(client, EVENTS.name, [(EVENTS.name, SERVICE)], 60 + due / _SLOWEST)
    shift = (suite.clock.real_now() - suite.clock.now()).total_seconds()  # the rehearsal clock runs at real speed
    late: list[float] = []
    told: Counter[str] = Counter()
    async for stored in read(client, EVENTS.name, before):
        if stored.subject == _BREACHED:
            data = from_json(stored.body)["data"]
            told[data["clock_id"]] += 1
            late.append(stored.at - shift - parse_rfc3339(data["due_at"]).timestamp())
    return Detection(
        due=due,
        due_per_second=DUE_PER_SECOND,
        missed=due - len(told),
        twice=sum(count > 1 for count in told.values()),
        early=sum(one < 0 for one in late),
        lateness=quantiles(late or [float("inf")]),
        others_cores=usage.others_cores,
    )


def _arming(clocks: int, seconds: float) -> Arming:
    return Arming(clocks=clocks, seconds=round(seconds, 2), clocks_per_second=round(clocks / seconds, 1))
