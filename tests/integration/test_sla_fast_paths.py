"""What sla does in a short way must come out as in the long one: new work orders and assignments (R-SLA-04, R-SLA-09)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.sla.app import SERVICE
from services.sla.store.tables import clocks, subjects
from shared.bus.transaction import Delivery, Incoming
from shared.events import SlaStarted, WorkorderAssigned, WorkorderOpened
from shared.testing.bench import service_bench
from shared.testing.clock import MONDAY, SetClock
from tests.integration.sla_house import House
from tests.polling import until_a_lock_is_awaited
from tests.statements import statements
from tests.unit.sla.story import Story


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as bench:
        yield House(bench)


async def test_a_work_order_that_another_replica_creates_meanwhile_is_decided_with_what_it_wrote(house: House) -> None:
    """R-SLA-04: a message to the customer that overtakes the opening is not lost, though both are decided at once."""
    story = Story()
    (told,) = await house.bench.publish(story.notified(MONDAY + timedelta(minutes=5)))
    early = Incoming(told, Delivery("EVENTS", 1, "yingda.event.notification.sent", b""))
    (in_hand,) = await house.bench.fetch(1)
    async with house.bench.outbox.transaction() as tx:
        await house.bench.parts.on_events(tx, [early])
        opening = asyncio.create_task(house.bench.happens(story.opened(MONDAY)))
        await until_a_lock_is_awaited(house.bench.engine)
    await opening
    await in_hand.ack()
    assert await house.verbs("progress_update") == ["started", "met", "started"]
    assert await house.verbs("first_response") == ["started"]
    (subject,) = await house.bench.rows(subjects)
    assert subject.heard_at == MONDAY + timedelta(minutes=5)


async def test_an_assignment_loads_no_clocks_and_changes_nothing(house: House) -> None:
    """R-RT-08: who gets it inside the department moves no deadline, in the batch of the opening or after it."""
    first, second = Story("w1"), Story("w2")
    assigned = {"assignee": "market-1", "way": "assigner", "status": "opened"}
    await house.bench.happens(
        first.opened(MONDAY), second.opened(MONDAY), first.step(WorkorderAssigned, MONDAY, **assigned)
    )
    before = [await house.bench.rows(table) for table in (subjects, clocks)]
    with statements() as asked:
        await house.bench.happens(second.step(WorkorderAssigned, MONDAY, **assigned))
    assert len([one for one in asked if "sla.subjects" in one]) == 1
    assert not [one for one in asked if "sla.clocks" in one]
    assert [await house.bench.rows(table) for table in (subjects, clocks)] == before
    assert len(await house.bench.told(SlaStarted)) == len(before[1])


async def test_an_opening_is_not_looked_for_before_it_is_written(house: House) -> None:
    """R-SLA-04: two statements for new work orders, their subjects and with the outbox their clocks."""
    with statements() as asked:
        await house.bench.happens(Story("w1").opened(MONDAY), Story("w2").opened(MONDAY))
    assert len([one for one in asked if "sla.subjects" in one]) == 1
    (written,) = [one for one in asked if "sla.clocks" in one]
    assert "sla.outbox" in written
    assert await house.bench.count(subjects) == 2


async def test_the_watch_is_woken_only_by_what_is_due_before_it_looks_again(house: House) -> None:
    """R-SLA-14: a batch whose clocks are due later than others needs no look at the table of its own."""
    watch = house.loop("watch")
    await house.bench.happens(Story("w1").opened(MONDAY))
    assert watch.wake.is_set()
    first = await watch.turn()
    watch.wake.clear()
    await house.bench.happens(Story("w2").opened(MONDAY + timedelta(minutes=1)))
    assert not watch.wake.is_set()
    await house.bench.happens(Story("w3").opened(MONDAY - timedelta(minutes=1)))
    assert watch.wake.is_set()
    assert first is not None
    assert await watch.turn() == first - timedelta(minutes=1)


async def test_an_assignment_that_is_the_first_to_tell_of_another_department_moves_the_clocks(house: House) -> None:
    """R-SLA-15: what told of the transfer may have been given up."""
    story = Story()
    await house.bench.happens(story.opened(MONDAY))
    story.department = "network"
    given = {"assignee": "network-1", "way": "assigner", "status": "opened"}
    await house.bench.happens(story.step(WorkorderAssigned, MONDAY + timedelta(minutes=1), **given))
    assert {row.department for row in await house.bench.rows(clocks)} == {"network"}
    assert [row.department for row in await house.bench.rows(subjects)] == ["network"]


async def test_a_clock_may_follow_cancelled_ones_of_its_cycle_but_no_other(house: House) -> None:
    """R-SLA-09: one clock per metric and cycle; the index of the keys sees to it."""
    opened: WorkorderOpened = Story().opened(MONDAY)
    await house.bench.happens(opened)
    again = 'INSERT INTO sla.clocks SELECT (jsonb_populate_record(c, \'{"id": "%s", "state": "%s"}\')).* FROM sla.clocks c WHERE metric = \'resolution\' LIMIT 1'
    async with house.bench.engine.begin() as connection:
        await connection.exec_driver_sql(again % ("k1", "cancelled"))
        await connection.exec_driver_sql(again % ("k2", "cancelled"))
    with pytest.raises(Exception, match="clocks_key"):
        async with house.bench.engine.begin() as connection:
            await connection.exec_driver_sql(again % ("k3", "met"))
