"""A client that reads leanly hands on directly, and goes on doing so after its connection is lost."""

import asyncio

import nats
from nats.aio.msg import Msg

from shared.bus.wire import listen, read_leanly


async def test_what_is_listened_to_is_heard_before_and_after_a_reconnection(fresh_nats: str) -> None:
    returned = asyncio.Event()

    async def on_return() -> None:
        returned.set()

    heard: asyncio.Queue[Msg] = asyncio.Queue()
    client = await nats.connect(fresh_nats, reconnected_cb=on_return)
    read_leanly(client)
    subscription = await listen(client, "some.*", heard.put_nowait)
    for subject in ("some.first", "other", "some.second"):
        await client.publish(subject, subject.encode(), headers={"x": "y"})
    async with asyncio.timeout(60):
        assert [(await heard.get()).data for _ in range(2)] == [b"some.first", b"some.second"]
        await client.force_reconnect()
        await returned.wait()
        await client.publish("some.third", reply="back")
        third = await heard.get()
    assert (third.subject, third.reply, third.sid) == ("some.third", "back", subscription._id)
    assert subscription.delivered == 0, "by way of its queue"
    await client.close()
