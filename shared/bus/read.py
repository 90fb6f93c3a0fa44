"""Reading what a stream holds between two moments, without disturbing its consumers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from pydantic_core import to_json

from shared.bus.streams import Stream
from shared.bus.wire import listen, stored_at, trace_in
from shared.ids import new_id

READ_AT_ONCE = 250
READ_SECONDS = 5.0
FORGOTTEN_SECONDS = 60.0
"""The server forgets a reader that has asked for nothing for so long."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One message as the stream holds it."""

    sequence: int
    subject: str
    body: bytes
    trace: str | None = None
    """The trace in its headers."""


Read = Callable[[int, int, datetime | None], AsyncIterator[list[Stored]]]
"""Yields the messages after a sequence, up to a sequence, and if a moment is given, stored since then."""


def reader_of(client: Client, stream: Stream) -> Read:
    """Return what reads `stream`; it raises as nats-py does."""

    async def read(after: int, up_to: int, since: datetime | None = None) -> AsyncIterator[list[Stored]]:
        config = ConsumerConfig(
            name=new_id(),
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if since is None else DeliverPolicy.BY_START_TIME,
            opt_start_seq=after + 1 if since is None else None,
            opt_start_time=since,
            ack_policy=AckPolicy.NONE,
            mem_storage=True,
            num_replicas=1,
            inactive_threshold=FORGOTTEN_SECONDS,
        )
        jetstream = client.jetstream()
        info = await jetstream.add_consumer(stream.name, config)
        answer = _Answer()
        inbox = client.new_inbox()
        subscription = await listen(client, inbox, answer.take)
        try:
            left = info.num_pending or 0
            while left:
                asked = answer.expect(min(READ_AT_ONCE, left))
                await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream.name}.{info.name}", asked, reply=inbox)
                batch = await answer.messages()
                _, left = _place(batch[-1])
                found = [Stored(_place(one)[0], one.subject, one.data, trace_in(one)) for one in batch]
                yield [one for one in found if after < one.sequence <= up_to]
                if found[-1].sequence >= up_to:
                    return
        finally:
            await subscription.unsubscribe()
            with suppress(NotFoundError):
                await jetstream.delete_consumer(stream.name, info.name)

    return read


class _Answer:
    """What the server answers to one request after the other for so many messages."""

    def __init__(self) -> None:
        self._came: list[Msg] = []
        self._most = 0
        self._whole = asyncio.Event()

    def expect(self, most: int) -> bytes:
        """Return the request for up to so many messages, which come next."""
        self._most = most
        self._whole.clear()
        return to_json({"batch": most, "expires": int(READ_SECONDS * 1e9)})

    async def messages(self) -> list[Msg]:
        """Return what comes, as soon as it is all or the server says so; `TimeoutError` of nats-py where nothing does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_SECONDS):
                await self._whole.wait()
        came, self._came = self._came, []
        if not came:
            raise nats.errors.TimeoutError
        return came

    def take(self, message: Msg) -> None:
        """Keep `message`; without a place to acknowledge it, it is the server's word that no more comes."""
        if message.reply:
            self._came.append(message)
        if not message.reply or len(self._came) >= self._most:
            self._whole.set()


def _place(message: Msg) -> tuple[int, int]:
    """Return its sequence and how many its consumer has still to send behind it; nats-py's `metadata` takes far longer."""
    words = stored_at(message.reply)
    return int(words[3]), int(words[6])
