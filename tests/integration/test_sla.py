"""The sla service on real NATS and PostgreSQL: once only, in time, side by side, over restarts (R-SLA-08 to R-SLA-14)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import generate_latest
from sqlalchemy import event as hooks
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.app import SERVICE, build
from services.sla.handlers.horizon import Horizon
from services.sla.handlers.watch import Watch
from services.sla.store.clocks import next_moment
from services.sla.store.tables import clocks, metadata, subjects
from shared import metrics
from shared.bus.outbox import Outbox
from shared.bus.position import position_of
from shared.bus.publish import Publisher
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS
from shared.db import create_engine
from shared.events import (
    Event,
    Message,
    SlaBreached,
    SlaEscalated,
    SlaMet,
    SlaResumed,
    SlaStarted,
    SlaWarned,
    WorkorderPaused,
    WorkorderResolved,
    WorkorderResumed,
    compose,
    decode_event,
    encode,
)
from shared.policy import load_policy
from shared.provision import provision
from shared.service import Context, Parts
from shared.settings import Settings
from tests.unit.sla.story import Story, local

POLICY = load_policy(None)
MONDAY = local("2026-11-23 10:00")
SECOND = timedelta(seconds=1)


@dataclass
class HandClock:
    """A clock that stands where the test puts it."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def seconds_until(self, at: datetime) -> float:
        return max(0.0, (at - self.at).total_seconds())


@dataclass
class Bench:
    """One sla service without its process: the test takes its batches and turns its watch."""

    engine: AsyncEngine
    client: Client
    clock: HandClock = field(default_factory=HandClock)
    built: list[Parts] = field(default_factory=list)

    async def start(self) -> None:
        self.parts = await self.replica()

    async def replica(self) -> Parts:
        settings = Settings(nats_url=self.client.connected_url.geturl() if self.client.connected_url else "")
        parts = await build(
            Context(
                settings, POLICY, self.clock, self.engine, self.outbox(), position_of(self.client, SERVICE.consumer)
            )
        )
        self.built.append(parts)
        return parts

    async def stop(self) -> None:
        for parts in self.built:
            if parts.stop is not None:
                await parts.stop()

    def outbox(self) -> Outbox:
        return Outbox("sla", self.engine, SERVICE.tables, self.clock, Publisher(self.client, EVENTS.name))

    def horizon(self) -> Horizon:
        return Horizon(self.clock, position_of(self.client, SERVICE.consumer))

    async def publish(self, *events: Event) -> None:
        for event in events:
            message = compose(event, source="yingda/routing", subject="w", at=self.clock.at, traceparent=None)
            await self.client.jetstream().publish(event.SUBJECT, encode(message), stream=EVENTS.name)

    async def consume(self) -> None:
        """Process everything that is pending."""
        subscription = await self.client.jetstream().pull_subscribe_bind("sla", EVENTS.name)
        runtime = BatchRuntime(self.outbox(), self.parts.on_events)
        while pending := (await subscription.consumer_info()).num_pending:
            taken: Sequence[Msg] = await subscription.fetch(min(pending, 250), timeout=5)
            await runtime.process(taken)
        await subscription.unsubscribe()

    async def happens(self, *events: Event) -> None:
        await self.publish(*events)
        await self.consume()

    async def watch(self, at: datetime) -> datetime | None:
        """Put the clock to `at` and turn the watch until nothing more is due."""
        self.clock.at = at
        (loop,) = self.parts.loops
        following = await loop.turn()
        while following is not None and following <= at:
            following = await loop.turn()
        return following

    async def told(self, *models: type[Event]) -> list[Message[Any]]:
        """What the service has published, in its order, as far as it is of `models`."""
        async with self.engine.connect() as connection:
            outbox = SERVICE.tables.outbox
            bodies = (await connection.execute(select(outbox.c.body).order_by(outbox.c.id))).scalars()
            messages = [decode_event(body) for body in bodies]
        return [message for message in messages if message is not None and isinstance(message.data, models or Event)]

    async def verbs(self, metric: str, work_order_id: str = "w1") -> list[str]:
        return [
            message.type.split(".")[2]
            for message in await self.told()
            if (message.data.metric, message.data.subject_id) == (metric, work_order_id)
        ]


@pytest.fixture
async def bench(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    engine = create_engine(Settings(database_url=database_url))
    client = await nats.connect(fresh_nats)
    try:
        await provision(engine, client, [SERVICE])
        ready = Bench(engine, client)
        await ready.start()
        yield ready
        await ready.stop()
        async with engine.begin() as connection:
            for table in metadata.sorted_tables:
                await connection.execute(text(f"TRUNCATE {table.fullname}"))
        await client.jetstream().purge_stream(EVENTS.name)
    finally:
        await client.close()
        await engine.dispose()


async def test_a_work_order_warns_breaches_and_climbs_each_once(bench: Bench) -> None:
    """R-SLA-09, R-SLA-10, R-SLA-14: the marks come in order, with how late they were found."""
    await bench.happens(Story().opened(MONDAY))
    assert await bench.watch(MONDAY) == MONDAY + timedelta(minutes=15)
    for minutes in (15, 24, 30):
        await bench.watch(MONDAY + timedelta(minutes=minutes, seconds=1))
        await bench.watch(MONDAY + timedelta(minutes=minutes, seconds=2))
    for hours in (1.5, 25):  # an office hour after the breach; an office day after it is Tuesday 10:30
        await bench.watch(MONDAY + timedelta(hours=hours, seconds=1))
    assert await bench.verbs("first_response") == [
        "started", "warned", "warned", "breached", "escalated", "escalated", "escalated",
    ]  # fmt: skip
    steps = [m.data for m in await bench.told(SlaEscalated) if m.data.metric == "first_response"]
    assert [step.step for step in steps] == ["supervisor", "head", "manager"]
    warned = [m.data for m in await bench.told(SlaWarned) if m.data.metric == "first_response"]
    assert [(w.percent, w.late_seconds, w.used_seconds) for w in warned] == [(50, 1.0, 901), (80, 1.0, 1441)]
    (breached,) = [m.data for m in await bench.told(SlaBreached) if m.data.metric == "first_response"]
    assert (breached.due_at, breached.late_seconds) == (MONDAY + timedelta(minutes=30), 1.0)


async def test_an_answer_in_time_that_waits_in_the_queue_is_met(bench: Bench) -> None:
    """R-SLA-09: after a restart the watch looks before the queue is empty, and does not judge."""
    story = Story()
    await bench.happens(story.opened(MONDAY))
    bench.clock.at = MONDAY + timedelta(hours=5)
    await bench.publish(story.responded(MONDAY + timedelta(minutes=29)))
    (loop,) = (await bench.replica()).loops
    again = await loop.turn()
    assert again == bench.clock.at
    assert await bench.told(SlaBreached) == []
    await bench.consume()
    await bench.watch(bench.clock.at)
    assert (await bench.verbs("first_response"))[-1] == "met"
    assert (await bench.verbs("resolution"))[-3:] == ["breached", "escalated", "escalated"]


async def test_an_answer_after_the_due_time_is_a_breach_though_nobody_looked(bench: Bench) -> None:
    """R-SLA-09."""
    story = Story()
    await bench.happens(story.opened(MONDAY))
    await bench.happens(story.responded(MONDAY + timedelta(minutes=30, microseconds=1)))
    await bench.watch(MONDAY + timedelta(days=3))
    assert await bench.verbs("first_response") == ["started", "breached", "escalated"]


async def test_a_contact_that_arrives_overdue_is_breached_at_once_without_warnings(bench: Bench) -> None:
    """Handbook, section 4."""
    bench.clock.at = MONDAY + timedelta(hours=3)
    await bench.happens(Story().opened(MONDAY, opened_at=bench.clock.at))
    await bench.watch(bench.clock.at)
    assert (await bench.verbs("first_response"))[:3] == ["started", "breached", "escalated"]
    (breached,) = [m.data for m in await bench.told(SlaBreached) if m.data.metric == "first_response"]
    assert breached.late_seconds == 2.5 * 3600


async def test_the_due_time_after_a_resume_is_exact(bench: Bench) -> None:
    """R-SLA-08: 7 minutes and 41.25 seconds of the target are used, the weekend does not count."""
    friday = local("2026-11-27 16:50")
    story = Story()
    await bench.happens(story.opened(friday))
    await bench.happens(story.step(WorkorderPaused, friday + timedelta(minutes=7, seconds=41.25)))
    assert await bench.watch(friday + timedelta(hours=12)) == friday + timedelta(hours=19, minutes=12)  # progress only
    resumed_at = local("2026-11-30 11:00:00.5")
    await bench.happens(story.step(WorkorderResumed, resumed_at))
    resumed = {m.data.metric: m.data for m in await bench.told(SlaResumed)}
    assert set(resumed) == {"first_response", "resolution"}
    assert resumed["first_response"].due_at == resumed_at + timedelta(minutes=30) - timedelta(minutes=7, seconds=41.25)
    assert resumed["first_response"].used_seconds == 7 * 60 + 41


async def test_redelivered_events_change_nothing(bench: Bench) -> None:
    """R-SLA-09: whatever redeliveries happen."""
    opened = Story().opened(MONDAY)
    message = encode(compose(opened, source="yingda/routing", subject="w", at=MONDAY, traceparent=None))
    for _ in range(3):
        await bench.client.jetstream().publish(opened.SUBJECT, message, stream=EVENTS.name)
        await bench.consume()
    assert len(await bench.told(SlaStarted)) == 3


async def test_two_watches_side_by_side_breach_each_clock_once(bench: Bench) -> None:
    """R-SLA-09: any number of replicas; batches smaller than what is due, so that they contend."""
    await bench.happens(*(Story(id=f"w{n}").opened(MONDAY) for n in range(120)))
    bench.clock.at = MONDAY + timedelta(hours=30)
    watches = [Watch(bench.engine, bench.outbox(), bench.clock, POLICY, bench.horizon(), batch=40) for _ in range(3)]

    async def work(watch: Watch) -> None:
        while (following := await watch.turn()) is not None and following <= bench.clock.at:
            pass

    await asyncio.gather(*map(work, watches))
    breached = Counter(m.data.clock_id for m in await bench.told(SlaBreached))
    assert len(breached) == 360  # first response, resolution, progress update
    assert set(breached.values()) == {1}
    climbed = Counter((m.data.clock_id, m.data.step) for m in await bench.told(SlaEscalated))
    assert set(climbed.values()) == {1}


async def test_a_handler_and_a_watch_side_by_side_give_one_verdict(bench: Bench) -> None:
    """R-SLA-09: the late answers are applied while the watch breaches the same clocks."""
    stories = [Story(id=f"w{n}") for n in range(60)]
    await bench.happens(*(story.opened(MONDAY) for story in stories))
    bench.clock.at = MONDAY + timedelta(minutes=45)
    await bench.publish(*(story.responded(MONDAY + timedelta(minutes=31)) for story in stories))
    (loop,) = bench.parts.loops
    consuming = asyncio.create_task(bench.consume())
    while not consuming.done():
        await loop.turn()
    await consuming
    await bench.watch(bench.clock.at)
    told = [m.data for m in await bench.told(SlaBreached, SlaMet) if m.data.metric == "first_response"]
    assert Counter(event.TYPE for event in told) == {SlaBreached.TYPE: 60}


async def test_a_result_that_meets_everything_leaves_nothing_to_watch_but_progress(bench: Bench) -> None:
    story = Story()
    await bench.happens(story.opened(MONDAY, "after_sales"))
    await bench.happens(story.step(WorkorderResolved, MONDAY + timedelta(minutes=5), outcome="resolved"))
    async with bench.engine.connect() as connection:
        assert await next_moment(connection) == MONDAY + timedelta(hours=12)
    met = {m.data.metric for m in await bench.told(SlaMet)}
    assert met == {"first_response", "department_response", "resolution"}


async def test_a_batch_costs_the_same_few_statements_whatever_its_size(bench: Bench) -> None:
    statements = Counter[int]()
    size = 0

    def count(*_: object) -> None:
        statements[size] += 1

    hooks.listen(bench.engine.sync_engine, "before_cursor_execute", count)
    for size in (1, 100):
        await bench.happens(*(Story(id=f"s{size}-{n}").opened(MONDAY) for n in range(size)))
    hooks.remove(bench.engine.sync_engine, "before_cursor_execute", count)
    assert statements[1] == statements[100]
    async with bench.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(subjects)) == 101
        assert await connection.scalar(select(func.count()).select_from(clocks)) == 303


async def test_the_gauges_show_what_runs_and_what_is_open(bench: Bench) -> None:
    """R-OB-01."""
    await bench.happens(Story().opened(MONDAY))
    await bench.watch(MONDAY + timedelta(minutes=31))
    assert bench.parts.gauges is not None
    await bench.parts.gauges()
    shown = generate_latest(metrics.REGISTRY).decode()
    assert 'yingda_clocks_running{department="market",metric="resolution"} 1.0' in shown
    assert 'metric="first_response"} 1.0' not in [line for line in shown.splitlines() if "clocks_running" in line]
    due = (MONDAY + timedelta(minutes=120)).timestamp()
    assert metrics.CLOCK_NEXT_DUE.labels("market")._value.get() == due
    missed = (MONDAY + timedelta(minutes=30)).timestamp()
    assert metrics.CLOCK_OLDEST_BREACH.labels("market")._value.get() == missed
