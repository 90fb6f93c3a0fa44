"""In steady traffic a batch waits for company (docs/adr/0034): what comes after a rest does not."""

import asyncio

from shared.bus.pull import PullFeed
from shared.bus.wire import acknowledge
from tests.integration.runtime_probe import PROBE, Probe, published
from tests.integration.runtime_probe import probe as probe

LONG = 60.0


async def test_what_comes_after_a_rest_is_taken_at_once_and_what_follows_is_gathered(probe: Probe) -> None:
    feed = PullFeed(probe.client, PROBE.consumer, 4, LONG)
    await feed.start()
    async with asyncio.timeout(10):
        await probe.publish(published("first"))
        await acknowledge(await feed.next())
        following = asyncio.create_task(feed.next())
        for name in ("a", "b", "c"):
            assert not following.done()
            await probe.publish(published(name))
        messages = await following  # the request for four is used up, so it waits no longer
    assert len(messages) == 3
    await acknowledge(messages)
    await feed.close()


async def test_a_batch_that_is_not_full_is_taken_when_its_time_is_over(probe: Probe) -> None:
    feed = PullFeed(probe.client, PROBE.consumer, 4, 0.05)
    await feed.start()
    async with asyncio.timeout(10):
        for name in ("first", "second"):
            await probe.publish(published(name))
            messages = await feed.next()
            assert len(messages) == 1
            await acknowledge(messages)
    await feed.close()


async def test_who_stops_does_not_wait_for_company(probe: Probe) -> None:
    feed = PullFeed(probe.client, PROBE.consumer, 4, LONG)
    await feed.start()
    async with asyncio.timeout(10):
        await probe.publish(published("first"))
        await acknowledge(await feed.next())
        await probe.publish(published("last"))
        following = asyncio.create_task(feed.next())
        await feed.close()
        (message,) = await following
    await message.ack()
    assert await feed.next() == []
