"""What is on the streams: how far everything has come, and every message with the moment the server stored it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

_AT_ONCE = 1_000
_ASK_SECONDS = 10.0
_LOOK_SECONDS = 0.2
QUIET_SECONDS = 1.5
"""Nothing new on the stream for this long, and nobody has anything in hand: all is done."""


class NeverDoneError(Exception):
    """What was published has not been worked off in the time given."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One message on a stream and the server's time of it, in seconds since 1970."""

    subject: str
    body: bytes
    at: float


async def last_sequence(client: Client, stream: str) -> int:
    """Return the sequence of the last message, 0 for an empty stream."""
    return (await client.jetstream().stream_info(stream)).state.last_seq


async def delivered(client: Client, stream: str, consumer: str) -> int:
    """Return how many messages the consumer has been given since it exists."""
    info = await client.jetstream().consumer_info(stream, consumer)
    return info.delivered.consumer_seq if info.delivered else 0


async def until_quiet(client: Client, stream: str, consumers: Iterable[tuple[str, str]], seconds: float) -> None:
    """Return when all of (stream, name) `consumers` have nothing left and `stream` has grown no more for a moment.

    `NeverDoneError` after `seconds`.
    """
    wanted = tuple(consumers)
    loop = asyncio.get_running_loop()
    deadline, since, seen = loop.time() + seconds, loop.time(), -1
    while loop.time() < deadline:
        reached = await last_sequence(client, stream)
        if reached != seen:
            since, seen = loop.time(), reached
        elif loop.time() - since >= QUIET_SECONDS and not await _left(client, wanted):
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise NeverDoneError(f"not worked off within {seconds:g} s; the stream {stream} has come to {seen}")


async def read(client: Client, stream: str, after: int = 0) -> AsyncIterator[Stored]:
    """Yield every message on `stream` after the sequence `after`, up to the last one there is now."""
    last = await last_sequence(client, stream)
    if last <= after:
        return
    begin = ConsumerConfig(
        ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1
    )
    subscription = await client.jetstream().pull_subscribe("", stream=stream, config=begin)
    try:
        while True:
            for message in await subscription.fetch(_AT_ONCE, timeout=_ASK_SECONDS):
                place = message.metadata
                yield Stored(message.subject, message.data, _seconds(place.timestamp))
                if place.sequence.stream >= last:
                    return
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()


async def _left(client: Client, consumers: Iterable[tuple[str, str]]) -> bool:
    for stream, name in consumers:
        info = await client.jetstream().consumer_info(stream, name)
        if info.num_pending or info.num_ack_pending:
            return True
    return False


def _seconds(at: datetime) -> float:
    return at.timestamp()
