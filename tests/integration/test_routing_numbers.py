"""Numbers of work orders on real servers: no gaps, no doubles, whatever replicas, repeats and failures do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from services.routing import store
from services.routing.store import tables
from shared.bus.runtime import BatchRuntime
from shared.bus.transaction import Incoming, Transaction
from shared.events import WorkorderOpened
from tests.integration.routing_house import (
    MONDAY,
    House,
    SetClock,
    contact,
    message_of,
    replica,
    routing_house,
)


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    async with routing_house(database_url, fresh_nats) as ready:
        yield ready


async def numbers(house: House) -> list[int]:
    return sorted(int(event.number[10:]) for event in await house.told(WorkorderOpened))


async def test_replicas_share_one_sequence(house: House) -> None:
    """Handbook, section 1: six replicas open 300 work orders at once: 1 to 300, each once."""
    await house.publish(*(message_of(contact(), MONDAY) for _ in range(300)))
    replicas = [await replica(house.engine, house.client, SetClock()) for _ in range(6)]
    await asyncio.gather(*(one.consume(50) for one in replicas))
    assert await numbers(house) == list(range(1, 301))
    assert await house.count(tables.work_orders) == 300


async def test_a_rollback_leaves_no_gap(house: House) -> None:
    """A batch that fails after its numbers were given out returns them; the poison message alone is left out."""
    poison = contact(customer_id="poison")

    async def fails(tx: Transaction, batch: Sequence[Incoming]) -> None:
        await house.parts.on_events(tx, batch)
        if any(item.data.customer_id == "poison" for item in batch):
            raise ValueError("after everything was written")

    await house.publish(*(message_of(event, MONDAY) for event in (contact(), poison, contact(), contact())))
    subscription = await house.client.jetstream().pull_subscribe_bind("routing", "EVENTS")
    taken = await subscription.fetch(4, timeout=5)
    await BatchRuntime(house.outbox, fails).process(taken)
    await subscription.unsubscribe()
    assert await numbers(house) == [1, 2, 3]
    assert await house.count(store.runtime.dead_letters) == 1


async def test_a_contact_told_twice_is_one_work_order(house: House) -> None:
    """R-IN-06: the same message again, and the same contact in another message: in one batch, later, at once."""
    first = contact()
    message = message_of(first, MONDAY)
    await house.publish(message)
    await house.consume(1)
    await house.give(first, contact(), first)
    twin = contact()
    await house.publish(message_of(twin, MONDAY), message_of(twin, MONDAY))
    other = await replica(house.engine, house.client, SetClock())
    await asyncio.gather(house.consume(1), other.consume(1))
    assert await numbers(house) == [1, 2, 3]
    assert await house.count(store.runtime.dead_letters) == 0


async def test_every_day_begins_anew_by_local_date(house: House) -> None:
    """The day is Shanghai's: 15:59 UTC is still today, 16:00 UTC is tomorrow."""
    house.clock.at = MONDAY.replace(hour=15, minute=59)
    await house.give(contact(), contact())
    house.clock.at += timedelta(minutes=1)
    await house.give(contact())
    told = await house.told(WorkorderOpened)
    assert [event.number for event in told] == ["XR20261123001", "XR20261123002", "XR20261124001"]


async def test_a_day_of_more_than_999(house: House) -> None:
    async with house.engine.begin() as connection:
        day = MONDAY.date()
        assert await store.lock_numbers(connection, day) == 0
        await store.advance_numbers(connection, day, 998)
    await house.give(contact(), contact(), contact())
    told = await house.told(WorkorderOpened)
    assert [event.number[10:] for event in told] == ["999", "1000", "1001"]
