"""In steady traffic a batch waits for company (docs/adr/0034): what comes after a rest does not."""

import asyncio

import pytest
from nats.aio.msg import Msg

from shared.bus import pull
from shared.bus.pull import PullFeed
from shared.bus.wire import acknowledge
from tests.integration.runtime_probe import PROBE, Probe, published
from tests.integration.runtime_probe import probe as probe
from tests.polling import until

LONG = 3_600.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request stays open for as long as a slow machine needs between two messages; only stopping ends it soon."""
    monkeypatch.setattr(pull, "EXPIRES_SECONDS", 60.0)


async def some(feed: PullFeed) -> list[Msg]:
    """Return the next batch; now and then a feed returns none, so that its reader can turn."""
    while not (messages := await feed.next()):
        pass
    return messages


async def test_what_comes_after_a_rest_is_taken_at_once_and_what_follows_is_gathered(probe: Probe) -> None:
    feed = PullFeed(probe.client, PROBE.consumer, 4, LONG)
    await feed.start()
    async with asyncio.timeout(60):
        await probe.publish(published("first"))
        await acknowledge(await some(feed))
        await probe.publish(published("a"))
        await until(lambda: feed._messages, 30, said="the first of them is there")
        following = asyncio.create_task(feed.next())
        for name in ("b", "c"):
            await probe.publish(published(name))
            assert not following.done() or name == "c"
        messages = await following  # the request for four is used up, so it waits no longer
    assert len(messages) == 3
    await acknowledge(messages)
    await feed.close()


async def test_a_batch_that_is_not_full_is_taken_when_its_time_is_over(probe: Probe) -> None:
    feed = PullFeed(probe.client, PROBE.consumer, 4, 0.05)
    await feed.start()
    async with asyncio.timeout(60):
        for name in ("first", "second"):
            await probe.publish(published(name))
            messages = await some(feed)
            assert len(messages) == 1
            await acknowledge(messages)
    await feed.close()


class Slow(PullFeed):
    """A feed whose messages come when the test lets them."""

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe.client, PROBE.consumer, 4)
        self.held: list[Msg] = []

    def _take(self, message: Msg) -> None:
        if message.data:
            self.held.append(message)

    def arrive(self) -> None:
        super()._take(self.held.pop(0))


async def test_what_is_stored_together_is_taken_together_though_its_first_message_comes_alone(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "ARRIVAL_SECONDS", LONG)
    for name in ("a", "b", "c"):
        await probe.publish(published(name))
    feed = Slow(probe)
    await feed.start()
    async with asyncio.timeout(60):
        await until(lambda: len(feed.held) == 3, 30, said="all three have come over the wire")
        following = asyncio.create_task(feed.next())
        for _ in range(2):
            feed.arrive()
            await asyncio.wait({following}, timeout=0)
            assert not following.done(), "there is more behind it"
        feed.arrive()
        messages = await following
    assert len(messages) == 3
    await acknowledge(messages)


async def test_the_rest_of_what_is_stored_is_not_waited_for_when_another_process_gets_it(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "ARRIVAL_SECONDS", 0.05)
    for name in ("a", "b"):
        await probe.publish(published(name))
    feed = Slow(probe)
    await feed.start()
    async with asyncio.timeout(60):
        await until(lambda: feed.held, 30, said="the first has come over the wire")
        feed.arrive()
        (message,) = await some(feed)
    await acknowledge([message])


async def test_who_stops_does_not_wait_for_company(probe: Probe) -> None:
    feed = PullFeed(probe.client, PROBE.consumer, 4, LONG)
    await feed.start()
    async with asyncio.timeout(60):
        await probe.publish(published("first"))
        await acknowledge(await some(feed))
        await probe.publish(published("last"))
        await until(lambda: feed._messages, 30, said="it is there")
        following = asyncio.create_task(feed.next())
        await asyncio.wait({following}, timeout=0)
        assert not following.done(), "it waits for company"
        await feed.close()
        (message,) = await following
    await message.ack()
    assert await feed.next() == []
