"""Reading a stream from its beginning, as anybody would, without disturbing whoever else reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from shared.events import Message, decode_event

READ_AT_ONCE = 500
_ASK_SECONDS = 5.0
_THERE_SECONDS = 60.0
"""What is on the stream and does not come within this time does not come at all."""


async def read_stream(client: Client, stream: str, *, until: int | None = None) -> AsyncGenerator[Message[Any], None]:
    """Yield every event on `stream` in order, up to the sequence `until`; without it, wait for more without end."""
    subscription = await client.jetstream().pull_subscribe(
        "", stream=stream, config=ConsumerConfig(ack_policy=AckPolicy.NONE)
    )
    try:
        while True:
            try:
                batch = await subscription.fetch(
                    READ_AT_ONCE, timeout=_ASK_SECONDS if until is None else _THERE_SECONDS
                )
            except TimeoutError:  # nats-py raises its own kind of it, and the plain one
                if until is not None:
                    raise
                continue
            for raw in batch:
                message = decode_event(raw.data)
                if message is not None:
                    yield message
                if raw.metadata.sequence.stream == until:
                    return
    finally:
        await subscription.unsubscribe()
