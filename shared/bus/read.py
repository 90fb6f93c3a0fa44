"""Reading what a stream holds between two moments, without disturbing its consumers."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from shared.bus.streams import Stream
from shared.bus.wire import trace_in

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
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if since is None else DeliverPolicy.BY_START_TIME,
            opt_start_seq=after + 1 if since is None else None,
            opt_start_time=since,
            ack_policy=AckPolicy.NONE,
            mem_storage=True,
            num_replicas=1,
            inactive_threshold=FORGOTTEN_SECONDS,
        )
        jetstream = client.jetstream()
        subscription = await jetstream.pull_subscribe("", stream=stream.name, config=config)
        info = await subscription.consumer_info()
        try:
            left = info.num_pending or 0
            while left:
                batch = await subscription.fetch(min(READ_AT_ONCE, left), timeout=READ_SECONDS)
                left = batch[-1].metadata.num_pending
                found = [Stored(one.metadata.sequence.stream, one.subject, one.data, trace_in(one)) for one in batch]
                yield [one for one in found if after < one.sequence <= up_to]
                if found[-1].sequence >= up_to:
                    return
        finally:
            await subscription.unsubscribe()
            with suppress(NotFoundError):
                await jetstream.delete_consumer(stream.name, info.name)

    return read
