"""Numbers of work orders on real servers: no gaps, no doubles, whatever replicas, repeats and failures do."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from services.routing import store
from services.routing.store import tables
from shared.bus.runtime import BatchRuntime
from shared.bus.transaction import Incoming, Transaction
from shared.events import WorkorderOpened
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import House
from tests.integration.routing_house import house as house


async def numbers(house: House) -> list[int]:
    return sorted(int(event.number[10:]) for event in await house.bench.told(WorkorderOpened))


async def test_replicas_share_one_sequence(house: House) -> None:
    """Handbook, section 1: six replicas open 300 work orders at once: 1 to 300, each once."""
    await house.bench.publish(*(registered_contact() for _ in range(300)))
    replicas = [await house.bench.replica() for _ in range(6)]
    await asyncio.gather(*(one.consume(50) for one in replicas))
    assert await numbers(house) == list(range(1, 301))
    assert await house.bench.count(tables.work_orders) == 300


async def test_a_rollback_leaves_no_gap(house: House) -> None:
    """A batch that fails after its numbers were given out returns them; the poison message alone is left out."""
    poison = registered_contact(customer_id="poison")

    async def fails(tx: Transaction, batch: Sequence[Incoming]) -> None:
        await house.bench.parts.on_events(tx, batch)
        if any(item.data.customer_id == "poison" for item in batch):
            raise ValueError("after everything was written")

    await house.bench.publish(registered_contact(), poison, registered_contact(), registered_contact())
    await BatchRuntime(house.bench.outbox, fails).process(await house.bench.fetch(4))
    assert await numbers(house) == [1, 2, 3]
    assert await house.bench.count(store.runtime.dead_letters) == 1


async def test_a_contact_told_twice_is_one_work_order(house: House) -> None:
    """R-IN-06: the same message again, and the same contact in another message: in one batch, later, at once."""
    first = registered_contact()
    await house.bench.happens(first)
    await house.bench.happens(first, registered_contact(), first)
    twin = registered_contact()
    await house.bench.publish(twin, twin)
    other = await house.bench.replica()
    await asyncio.gather(house.bench.consume(1), other.consume(1))
    assert await numbers(house) == [1, 2, 3]
    assert await house.bench.count(store.runtime.dead_letters) == 0


async def test_every_day_begins_anew_by_local_date(house: House) -> None:
    """The day is Shanghai's: 15:59 UTC is still today, 16:00 UTC is tomorrow."""
    house.bench.clock.at = MONDAY.replace(hour=15, minute=59)
    await house.bench.happens(registered_contact(), registered_contact())
    house.bench.clock.at += timedelta(minutes=1)
    await house.bench.happens(registered_contact())
    told = await house.bench.told(WorkorderOpened)
    assert [event.number for event in told] == ["XR20261123001", "XR20261123002", "XR20261124001"]


async def test_a_day_of_more_than_999(house: House) -> None:
    async with house.bench.engine.begin() as connection:
        day = MONDAY.date()
        assert await store.take_numbers(connection, day, 998) == 0
    await house.bench.happens(registered_contact(), registered_contact(), registered_contact())
    told = await house.bench.told(WorkorderOpened)
    assert [event.number[10:] for event in told] == ["999", "1000", "1001"]
