"""A consumer of real streams with a handler that records and fails as it is told: what the runtime is tested with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from sqlalchemy import Column, Integer, Table, Text, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.outbox import Outbox
from shared.bus.publish import Publisher
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS
from shared.bus.tables import runtime_tables
from shared.bus.transaction import Incoming, Transaction
from shared.bus.wire import read_leanly
from shared.clock import SystemClock
from shared.db import create_engine, insert_rows, schema_of
from shared.events import (
    ReportPublished,
    WorkorderPaused,
    compose,
    encode,
)
from shared.provision import provision
from shared.service import Context, Parts, Service
from shared.settings import Settings

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
metadata = schema_of("probe")
tables = runtime_tables(metadata)
effects = Table(
    "effects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("times", Integer, nullable=False),
)


async def _build(_context: Context) -> Parts:
    raise AssertionError("the probe is never built")


MIGRATIONS = (Path(__file__).parent / "probe_migrations",)
PROBE = Service("probe", metadata, tables, EVENTS, (WorkorderPaused, ReportPublished), _build, migrations=MIGRATIONS)


@dataclass
class Probe:
    """A consumer of real streams whose handler records what it was given and fails where it is told to."""

    engine: AsyncEngine
    client: Client
    outbox: Outbox
    poison: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)
    answer: bool = False

    async def handle(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        for item in batch:
            if item.message.subject in self.poison:
                raise ValueError("this one is poison")
        await insert_rows(
            tx.connection, effects, [{"id": i.message.key, "kind": i.message.type, "times": 1} for i in batch]
        )
        self.seen += [item.message.subject for item in batch]
        if self.answer:
            for item in batch:
                tx.emit(report(item.message.subject * 2), subject=item.message.subject, cause=item.message)

    async def publish(self, *bodies: tuple[str, bytes]) -> None:
        for subject, body in bodies:
            await self.client.jetstream().publish(subject, body, stream="EVENTS")

    async def consume(self, count: int) -> None:
        subscription = await self.client.jetstream().pull_subscribe_bind("probe", "EVENTS")
        taken: list[Msg] = []
        while len(taken) < count:
            taken += await subscription.fetch(count - len(taken), timeout=30)
        await BatchRuntime(self.outbox, self.handle).process(taken)
        await subscription.unsubscribe()

    async def count(self, table: Table) -> int:
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table)) or 0


def report(name: str) -> ReportPublished:
    return ReportPublished(report=name, period_start=NOW, period_end=NOW, uri="file:///r")


def paused(work_order_id: str, version: int) -> tuple[str, bytes]:
    event = WorkorderPaused(
        work_order_id=work_order_id,
        number="XR20261123001",
        department="market",
        status="paused",
        version=version,
        cycle=1,
        by="market-1",
        at=NOW,
    )
    message = compose(event, source="yingda/routing", subject=f"{work_order_id}.{version}", at=NOW, traceparent=None)
    return event.SUBJECT, encode(message)


def published(name: str) -> tuple[str, bytes]:
    message = compose(report(name), source="yingda/feedback", subject=name, at=NOW, traceparent=None)
    return ReportPublished.SUBJECT, encode(message)


@asynccontextmanager
async def running(database_url: str, nats_url: str) -> AsyncIterator[Probe]:
    engine = create_engine(Settings(database_url=database_url))
    client = await nats.connect(nats_url)
    read_leanly(client)  # as a service does
    try:
        await provision(engine, client, [PROBE])
        outbox = Outbox("probe", engine, tables, SystemClock(), Publisher(client, "EVENTS"))
        yield Probe(engine, client, outbox)
        async with engine.begin() as connection:
            for table in metadata.sorted_tables:
                await connection.execute(text(f"TRUNCATE {table.fullname}"))
        await client.jetstream().purge_stream("EVENTS")
    finally:
        await client.close()
        await engine.dispose()


@pytest.fixture
async def probe(database_url: str, fresh_nats: str) -> AsyncIterator[Probe]:
    async with running(database_url, fresh_nats) as ready:
        yield ready
