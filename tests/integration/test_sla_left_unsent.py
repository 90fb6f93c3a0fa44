"""An answer that a crash has left in an outbox is waited for, and no breach is declared meanwhile (R-SLA-09, ADR 0024)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.routing.app import SERVICE as ROUTING
from services.sla.app import SERVICE
from shared.bus.outbox import Outbox
from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.streams import EVENTS
from shared.bus.unsent import GIVEN_UP_AFTER_SECONDS, left_unsent
from shared.clock import SystemClock
from shared.db import create_engine
from shared.events import Event
from shared.provision import provision
from shared.testing.bench import service_bench
from shared.testing.clock import MONDAY, SetClock
from tests.integration.sla_house import House
from tests.polling import until
from tests.unit.sla.story import Story

DUE = MONDAY + timedelta(minutes=30)
NOTICED = DUE + timedelta(seconds=2)


class Dying(Publisher):
    """A publisher of a process that dies before it has published."""

    async def publish(self, messages: Sequence[Outgoing]) -> str:  # type: ignore[override]
        raise PublishError(f"{len(messages)} messages were not published")


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as bench:
        yield House(bench)


@asynccontextmanager
async def routing(house: House) -> AsyncIterator[tuple[Outbox, Outbox]]:
    """Yield the outbox of a routing that dies, and that of the one that takes its place."""
    owner, engine = (
        create_engine(house.bench.context.settings),
        create_engine(house.bench.context.settings, role="routing"),
    )
    client = house.bench.client
    try:
        await provision(owner, client, [ROUTING])
        dying, living = (
            Outbox("routing", engine, ROUTING.tables, SystemClock(), kind(client, EVENTS.name))
            for kind in (Dying, Publisher)
        )
        living.fall_behind()
        yield dying, living
        async with owner.begin() as connection:
            await connection.execute(text("TRUNCATE routing.outbox"))
    finally:
        await engine.dispose()
        await owner.dispose()


async def left(house: House, outbox: Outbox, event: Event, seconds: float) -> None:
    """Commit `event` as a process does that dies then; it has been there for so long."""
    async with outbox.transaction() as tx:
        tx.emit(event, subject="w1")
    engine = create_engine(house.bench.context.settings)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE routing.outbox SET created_at = created_at - make_interval(secs => :age)"), {"age": seconds}
        )
    await engine.dispose()


async def turned(house: House, times: int = 20) -> list[str]:
    """Let the watch look for a while; return what became of the first response."""
    house.bench.clock.at = NOTICED
    for _ in range(times):
        await house.loop("watch").turn()
    return await verdicts(house)


async def verdicts(house: House) -> list[str]:
    return [verb for verb in await house.verbs("first_response") if verb in {"met", "breached"}]


async def judged(house: House) -> list[str]:
    """Let the watch look until there is a verdict; return it."""
    await until(lambda: turned(house, 1), 60)
    return await turned(house)


async def test_an_answer_in_time_that_a_crash_left_unpublished_is_met_when_it_comes(house: House) -> None:
    """It was a breach: the watcher saw that everything published had been applied."""
    story = Story()
    await house.bench.happens(story.opened(MONDAY))
    async with routing(house) as (dying, living):
        await left(house, dying, story.responded(DUE - timedelta(seconds=1)), seconds=3)
        assert await turned(house) == []
        assert await living.relay() == 1
        await house.bench.consume(1)
        assert await living.relay() == 0
        assert await judged(house) == ["met"]


async def test_what_nobody_will_ever_publish_holds_up_nobody_for_long(house: House) -> None:
    story = Story()
    await house.bench.happens(story.opened(MONDAY))
    async with routing(house) as (dying, _living):
        await left(house, dying, story.responded(DUE - timedelta(seconds=1)), seconds=GIVEN_UP_AFTER_SECONDS + 1)
        assert await judged(house) == ["breached"]


async def test_what_is_on_its_way_or_published_or_our_own_holds_up_nothing(house: House) -> None:
    ask = left_unsent(house.bench.engine, "sla")
    async with routing(house) as (dying, living):
        assert await ask() is None
        await left(house, dying, Story().responded(MONDAY), seconds=-30)  # however long the question takes to come
        assert await ask() is None, "a fresh row may be published and not marked yet"
        await left(house, dying, Story().responded(MONDAY), seconds=4)
        age = await ask()
        assert age is not None
        assert 4 < age < 60
        assert await left_unsent(house.bench.engine, "routing")() is None
        assert await living.relay() == 2
        assert await ask() is None
