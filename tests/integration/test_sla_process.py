"""Sla as its own processes on a clock that runs 3600 times as fast: replicas side by side, one of them killed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import nats
from nats.aio.client import Client
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.app import SERVICE
from shared.bus.publish import Outgoing, Publisher
from shared.bus.streams import EVENTS
from shared.clock import SystemClock
from shared.db import create_engine
from shared.events import Event, SlaBreached, SlaEscalated, SlaMet, SlaWarned, compose, decode_event, encode
from shared.provision import provision
from shared.rehearsal import shared_clock
from shared.settings import Settings
from tests.unit.sla.story import Story

REHEARSAL = "2026-11-23T10:00:00+08:00@3600"
COUNT = 100
LATE_SECONDS = 5.0
"""Real time within which every deadline is found on a machine that does other things as well."""


@asynccontextmanager
async def process(database_url: str, nats_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield an sla process that is ready; it is killed on leaving."""
    readable, writable = os.pipe()
    environment = os.environ | {
        "YINGDA_NATS_URL": nats_url,
        "YINGDA_DATABASE_URL": database_url,
        "YINGDA_CLOCK": REHEARSAL,
        "YINGDA_READY_FD": str(writable),
        "YINGDA_LOG_LEVEL": "error",
    }
    command = (sys.executable, "-m", "shared.cli.main", "run", "sla")
    started = await asyncio.create_subprocess_exec(*command, env=environment, pass_fds=(writable,))
    os.close(writable)
    try:
        with os.fdopen(readable) as ready:
            assert "metrics" in await asyncio.to_thread(ready.read)
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def told(engine: AsyncEngine, *models: type[Event]) -> list[Any]:
    outbox = SERVICE.tables.outbox
    async with engine.connect() as connection:
        bodies = (await connection.execute(select(outbox.c.body).order_by(outbox.c.id))).scalars()
        messages = [decode_event(body) for body in bodies]
    return [message.data for message in messages if message is not None and isinstance(message.data, models)]


async def publish(client: Client, clock: SystemClock, events: Sequence[Event]) -> None:
    messages = [compose(e, source="yingda/routing", subject="w", at=clock.now(), traceparent=None) for e in events]
    outgoing = [Outgoing(message.key, message.data.SUBJECT, encode(message)) for message in messages]
    for begin in range(0, len(outgoing), 100):
        await Publisher(client, EVENTS.name).publish(outgoing[begin : begin + 100])


async def test_replicas_on_a_fast_clock_find_every_deadline_once(database_url: str, fresh_nats: str) -> None:
    """R-SLA-09, R-SLA-10, R-SLA-14: half is answered in time; one of two replicas is killed amid the breaches."""
    engine = create_engine(Settings(database_url=database_url))
    client = await nats.connect(fresh_nats)
    try:
        await provision(engine, client, [SERVICE])
        async with engine.begin() as connection:
            clock = await shared_clock(connection, REHEARSAL)
        async with process(database_url, fresh_nats) as first, process(database_url, fresh_nats):
            now = clock.now()
            stories = [Story(id=f"w{n}") for n in range(COUNT)]
            await publish(client, clock, [story.opened(now, "emergency") for story in stories])
            answered = [story.responded(now + timedelta(minutes=9)) for story in stories[::2]]
            await publish(client, clock, answered)
            async with asyncio.timeout(60):
                while not await told(engine, SlaBreached):
                    await asyncio.sleep(0.02)
                first.kill()
                while len(await told(engine, SlaMet, SlaBreached)) < COUNT:
                    await asyncio.sleep(0.2)
                # A day later every progress report is due, and those who answered have 24 hours from then.
                while len([b for b in await told(engine, SlaBreached) if b.metric == "progress_update"]) < COUNT:
                    await asyncio.sleep(0.2)
        verdicts = Counter(
            (event.subject_id, event.metric, event.cycle) for event in await told(engine, SlaMet, SlaBreached)
        )
        assert set(verdicts.values()) == {1}
        first_responses = [e for e in await told(engine, SlaMet, SlaBreached) if e.metric == "first_response"]
        assert Counter(type(event) for event in first_responses) == {SlaMet: COUNT // 2, SlaBreached: COUNT // 2}
        for marked in await told(engine, SlaWarned):
            assert marked.percent in {50, 80}
        marks = Counter((e.clock_id, e.percent) for e in await told(engine, SlaWarned))
        steps = Counter((e.clock_id, e.step) for e in await told(engine, SlaEscalated))
        assert set(marks.values()) == set(steps.values()) == {1}
        late = max(event.late_seconds for event in (await told(engine, SlaBreached))[-COUNT:])
        assert late / clock.speed < LATE_SECONDS
    finally:
        await client.close()
        await engine.dispose()
