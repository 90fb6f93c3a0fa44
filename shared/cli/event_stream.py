"""Reading the stream `EVENTS` from the command line, without leaving a trace on the server."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from shared.bus.streams import EVENTS, Stream
from shared.cli.errors import CliError, WrongUse

_PREFIX = "yingda.event."
_TOKEN = re.compile(r"[a-z0-9_]+|\*")
BATCH = 500
FETCH_SECONDS = 10.0
INACTIVE_SECONDS = 60.0
"""The server removes the consumer by itself this long after we were killed."""


def subject_of(pattern: str | None) -> str:
    """Return the subject filter for what the user wrote: `workorder.*`, `sla`, `yingda.event.sla.>` or nothing."""
    if not pattern:
        return f"{_PREFIX}>"
    tokens = pattern.removeprefix(_PREFIX).split(".")
    rest = tokens[:-1] if tokens[-1] == ">" else tokens
    if not all(_TOKEN.fullmatch(token) for token in rest):
        raise WrongUse(f"{pattern!r} is no pattern: write one like `workorder.*`, `sla.breached` or `>`")
    if len(rest) == 1:
        rest = [] if rest == ["*"] else rest
        return ".".join([*_PREFIX.split(".")[:2], *rest, ">"])
    return f"{_PREFIX}{'.'.join(tokens)}"


@asynccontextmanager
async def following(client: Client, subject: str, since: datetime | None) -> AsyncIterator[AsyncGenerator[Msg, None]]:
    """Yield the events on `subject` as they come, from `since` on, or from now."""
    start: dict[str, Any] = {"deliver_policy": DeliverPolicy.NEW}
    if since is not None:
        start = {"deliver_policy": DeliverPolicy.BY_START_TIME, "opt_start_time": since}
    async with _consumer(client, EVENTS, subject, start) as subscription:
        yield _messages(subscription, None)


@asynccontextmanager
async def everything(client: Client, subject: str, first: int = 1) -> AsyncIterator[AsyncGenerator[Msg, None]]:
    """Yield the events on `subject` that the stream holds now, the oldest first, from the sequence `first` on."""
    start = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": max(first, 1)}
    async with _consumer(client, EVENTS, subject, start) as subscription:
        waiting = (await subscription.consumer_info()).num_pending or 0
        yield _messages(subscription, waiting)


@asynccontextmanager
async def lately(
    client: Client, stream: Stream, subject: str, since: datetime, most: int
) -> AsyncIterator[AsyncGenerator[Msg, None]]:
    """Yield what `stream` has taken on `subject` since then, the oldest first; nothing where that is more than `most`."""
    start = {"deliver_policy": DeliverPolicy.BY_START_TIME, "opt_start_time": since}
    async with _consumer(client, stream, subject, start) as subscription:
        waiting = (await subscription.consumer_info()).num_pending or 0
        yield _messages(subscription, waiting if waiting <= most else 0)


async def _messages(subscription: JetStreamContext.PullSubscription, count: int | None) -> AsyncGenerator[Msg, None]:
    """Yield `count` messages, or messages without end for None."""
    left = count
    while left is None or left > 0:
        try:
            batch = await subscription.fetch(BATCH if left is None else min(BATCH, left), timeout=FETCH_SECONDS)
        except (nats.errors.TimeoutError, TimeoutError):
            if left is not None:
                raise CliError("NATS has stopped delivering the events; try again") from None
            continue
        for message in batch:
            yield message
        if left is not None:
            left -= len(batch)


@asynccontextmanager
async def _consumer(
    client: Client, stream: Stream, subject: str, start: dict[str, Any]
) -> AsyncIterator[JetStreamContext.PullSubscription]:
    """Yield a consumer that exists only here; `CliError` where the stream is not there."""
    jetstream = client.jetstream()
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE, mem_storage=True, inactive_threshold=INACTIVE_SECONDS, num_replicas=1, **start
    )
    try:
        subscription = await jetstream.pull_subscribe(subject, stream=stream.name, config=config)
    except NotFoundError:
        raise CliError(f"NATS has no stream {stream.name}: run `yingda provision`") from None
    try:
        yield subscription
    finally:
        name = (await subscription.consumer_info()).name
        await subscription.unsubscribe()
        await jetstream.delete_consumer(stream.name, name)
