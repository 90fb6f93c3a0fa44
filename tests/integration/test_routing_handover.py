"""The daily cut-off on real servers: each work order handed over once, an empty day sends nothing (R-RT-03)."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.routing.handlers import Distribution, HandOver
from services.routing.store import tables
from shared.events import ContactRegistered, WorkorderHandedOver, WorkorderOpened
from shared.events.commands import Cancel, Classify, Confirm, Resolve, Sign, Transfer, VerifyContact
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import House, callback
from tests.integration.routing_house import house as house

CUTOFF = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""16:00 in Shanghai."""


def change(at: datetime = MONDAY, category: str = "info_change") -> ContactRegistered:
    return registered_contact(at=at, category=category, personal={"text": "我们公司名称改为新禾商贸,请更新"})


async def test_a_batch_lists_what_waited(house: House) -> None:
    """R-RT-03: both categories with a cut-off go in one batch of their department; what goes at once is not in it."""
    await house.bench.happens(change(), change(category="ad_slot"), registered_contact())
    assert await house.turn() == CUTOFF
    house.bench.clock.at = CUTOFF
    assert await house.turn() is None
    opened = await house.bench.told(WorkorderOpened)
    (batch,) = await house.bench.told(WorkorderHandedOver)
    assert (batch.department, batch.cutoff_at) == ("network", CUTOFF)
    assert batch.work_order_ids == tuple(event.work_order_id for event in opened[:2])
    assert batch.numbers == ("XR20261123001", "XR20261123002")
    row = await house.row("SELECT department, cutoff_at, work_orders FROM routing.batches")
    assert tuple(row) == ("network", CUTOFF, 2)


async def test_an_empty_day_sends_nothing(house: House) -> None:
    await house.bench.happens(registered_contact())
    house.bench.clock.at = CUTOFF
    assert await house.turn() is None
    assert await house.bench.told(WorkorderHandedOver) == []
    assert await house.bench.count(tables.batches) == 0


async def test_replicas_and_restarts_hand_over_once(house: House) -> None:
    """R-RT-03: five replicas at the same moment, and again later: one batch."""
    await house.bench.happens(*(change() for _ in range(20)))
    house.bench.clock.at = CUTOFF + timedelta(seconds=1)
    replicas = [await house.bench.replica() for _ in range(5)]
    await asyncio.gather(*(one.parts.loops[0].turn() for one in replicas))
    await asyncio.gather(*(one.parts.loops[0].turn() for one in replicas))
    (batch,) = await house.bench.told(WorkorderHandedOver)
    assert len(batch.work_order_ids) == 20


async def test_after_the_cut_off_it_is_the_next_office_day(house: House) -> None:
    """R-RT-03: at 16:00 it is tomorrow's; on Friday evening it is Monday's."""
    friday = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    await house.bench.happens(change(CUTOFF - timedelta(seconds=1)), change(CUTOFF), change(friday))
    told = await house.bench.told(WorkorderOpened)
    assert [event.cutoff_at for event in told] == [
        CUTOFF, CUTOFF + timedelta(days=1), CUTOFF + timedelta(days=7),
    ]  # fmt: skip


async def test_what_was_down_at_the_cut_off_is_made_up_for(house: House) -> None:
    """Two cut-offs passed unseen: two batches, each with its own time."""
    await house.bench.happens(change(), change(CUTOFF))
    house.bench.clock.at = CUTOFF + timedelta(days=3)
    await house.turn()
    assert [event.cutoff_at for event in await house.bench.told(WorkorderHandedOver)] == [
        CUTOFF, CUTOFF + timedelta(days=1),
    ]  # fmt: skip


async def test_steps_before_the_cut_off_count(house: House) -> None:
    """Cancelled: not handed over. Transferred: with its new department. Classified away: goes at once."""
    await house.bench.happens(change(), change(), change())
    cancelled, transferred, classified = (event.work_order_id for event in await house.bench.told(WorkorderOpened))
    assert (await house.command(Cancel, "service-1", work_order_id=cancelled, reason="重复"))["ok"]
    moved = await house.command(
        Transfer, "network-1", work_order_id=transferred, department="market", reason="市场部负责"
    )
    assert moved["ok"]
    assert (await house.command(Classify, "service-1", work_order_id=classified, category="membership"))["ok"]
    house.bench.clock.at = CUTOFF
    await house.turn()
    told = await house.bench.told(WorkorderHandedOver)
    assert [(event.department, event.work_order_ids) for event in told] == [("market", (transferred,))]


async def test_the_loop_is_woken(house: House) -> None:
    """A work order with a cut-off wakes the loop, so that an idle one learns of it."""
    loop = house.bench.parts.loops[0]
    await house.bench.happens(registered_contact())
    assert not loop.wake.is_set()
    await house.bench.happens(change())
    assert loop.wake.is_set()


async def test_the_loop_is_left_alone_where_it_turns_in_time_anyway(house: House) -> None:
    """R-RT-03: what waits for the cut-off that it knows of needs no look of its own; what is due earlier does."""
    loop = house.bench.parts.loops[0]
    await house.bench.happens(change(CUTOFF))
    assert await house.turn() == CUTOFF + timedelta(days=1)
    loop.wake.clear()
    await house.bench.happens(change(CUTOFF))
    assert not loop.wake.is_set()
    await house.bench.happens(change())
    assert loop.wake.is_set()
    assert await house.turn() == CUTOFF


async def test_what_is_classified_into_a_cut_off_wakes_the_loop_too(house: House) -> None:
    """R-RT-03: from triage into a category with a cut-off; before 16:00 it waits like any other."""
    await house.bench.happens(registered_contact(personal={"text": "在吗"}))
    (order,) = await house.bench.told(WorkorderOpened)
    loop = house.bench.parts.loops[0]
    assert not loop.wake.is_set()
    key = {"work_order_id": order.work_order_id, "category": "info_change"}
    assert (await house.command(Classify, "service-1", **key))["ok"]
    assert loop.wake.is_set()
    assert await house.turn() == CUTOFF


async def test_a_cut_off_not_yet_committed_is_not_slept_through(house: House) -> None:
    """R-RT-03: the loop looks while the opening transaction is still in hand: it comes back at the cut-off all the same."""
    wake = asyncio.Event()
    hand_over = HandOver(house.bench.outbox, Distribution(house.bench.policy, {}), wake)
    hand_over.expect(CUTOFF)
    assert await hand_over.turn() == CUTOFF
    house.bench.clock.at = CUTOFF
    wake.clear()
    assert await hand_over.turn() is None
    async with asyncio.timeout(30):
        await wake.wait()  # it looks once more for what has committed meanwhile


async def test_what_ended_before_the_cut_off_is_not_handed_over(house: House) -> None:
    """R-RT-03: a department is handed what is left to do; what was closed in the morning is not in the batch."""
    await house.bench.happens(change(), change())
    left, done = await house.bench.told(WorkorderOpened)
    key = {"work_order_id": done.work_order_id}
    if done.verification_required:
        assert (await house.command(VerifyContact, "service-1", **key, name="王芳", phone="13800138000"))["ok"]
    assert (await house.command(Resolve, "network-1", **key, text="已更新"))["ok"]
    assert (await house.command(Sign, "network-supervisor", **key, approve=True))["ok"]
    assert (await house.command(Confirm, "service-1", **key))["ok"]
    await house.bench.happens(callback(done))
    house.bench.clock.at = CUTOFF
    await house.turn()
    (batch,) = await house.bench.told(WorkorderHandedOver)
    assert batch.work_order_ids == (left.work_order_id,)
