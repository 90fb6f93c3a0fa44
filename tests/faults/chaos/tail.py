"""Reads the stream of events from its first message on, whatever happens to the server meanwhile."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from pydantic_core import from_json

from tests.polling import until

AT_ONCE = 1_000
WAIT_SECONDS = 1.0
EVENTS = "EVENTS"


class Tail:
    """Hands every event to `see`, in the stream's order, each sequence once."""

    def __init__(self, client: Client, see: Callable[[Mapping[str, Any]], None]) -> None:
        self._client = client
        self._see = see
        self.last = 0
        """The last sequence seen."""

    async def follow(self) -> None:
        """Read on until cancelled."""

        async def read() -> None:
            with suppress(nats.errors.Error, OSError, TimeoutError):
                await self._read(None)

        await until(read, None, every=0.2)  # the server is away: asked again shortly

    async def all(self) -> None:
        """Read up to what the stream holds now."""
        until = (await self._client.jetstream().stream_info(EVENTS)).state.last_seq
        while self.last < until:
            with suppress(nats.errors.Error, OSError, TimeoutError):
                await self._read(until)

    async def _read(self, until: int | None) -> None:
        """Read until a message is missing or the server does not answer; then a new consumer must go on from there."""
        config = ConsumerConfig(
            ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=self.last + 1
        )
        subscription = await self._client.jetstream().pull_subscribe("", stream=EVENTS, config=config)
        try:
            while until is None or self.last < until:
                for message in await self._fetched(subscription):
                    sequence = message.metadata.sequence.stream
                    if sequence <= self.last:
                        continue
                    if sequence > self.last + 1:
                        return
                    self.last = sequence
                    self._see(from_json(message.data))
        finally:
            with suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _fetched(self, subscription: Any) -> list[Msg]:
        try:
            found: list[Msg] = await subscription.fetch(AT_ONCE, timeout=WAIT_SECONDS)
        except TimeoutError:
            # Nothing came: because there is nothing, or because the consumer went with its server.
            await subscription.consumer_info()
            return []
        return found
