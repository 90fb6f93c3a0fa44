"""Where a stream and a service's consumer are: how much is published, applied, and still waiting."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nats.aio.client import Client

from shared.bus.streams import Consumer


@dataclass(frozen=True, slots=True)
class Position:
    """Where the stream and its consumer are; `published` was read first."""

    published: int
    """The last sequence of the stream."""
    applied: int
    """All that the consumer was ever to get up to this sequence is acknowledged."""
    waiting: int
    """What the consumer has still to get or to acknowledge."""
    messages: int = 0
    """Messages that the stream holds."""
    bytes: int = 0
    """Bytes that the stream holds."""


def position_of(client: Client, consumer: Consumer) -> Callable[[], Awaitable[Position]]:
    """Return a question to the server for the position of `consumer`; it raises as nats-py does."""

    async def ask() -> Position:
        jetstream = client.jetstream()
        stream = await jetstream.stream_info(consumer.stream.name)
        info = await jetstream.consumer_info(consumer.stream.name, consumer.service)
        floor = info.ack_floor.stream_seq if info.ack_floor is not None else 0
        waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
        return Position(stream.state.last_seq, floor, waiting, stream.state.messages, stream.state.bytes)

    return ask
