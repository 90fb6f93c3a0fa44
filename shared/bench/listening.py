"""When each contact's work order was opened, as a consumer on the stream reads it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from pydantic_core import from_json

from shared.bus.streams import EVENTS
from shared.bus.wire import listen, read_leanly

ANSWER_SECONDS: Final = 60.0
_OPENED: Final = "yingda.event.workorder.opened"
_SOURCE: Final = re.compile(rb'"source_id":"([^"\\]+)"')
"""No more is read of an event: the key stands in it once, and within a text its quotes would be escaped."""


class UnansweredError(Exception):
    """Contacts became no work orders in time."""


@dataclass(slots=True)
class Openings:
    """When each work order was heard to be opened, by the contact's source id, on the monotonic clock."""

    heard: dict[str, float] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)
    _complete: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, message: Msg) -> None:
        """Note one event."""
        at = time.monotonic()
        source = source_of(message.data)
        self.heard[source] = at
        if source in self._missing:
            self._missing.remove(source)
            if not self._missing:
                self._complete.set()

    async def until(self, sources: Sequence[str]) -> None:
        """Return when all of them were heard; `UnansweredError` after a minute without."""
        self._missing = set(sources) - self.heard.keys()
        if not self._missing:
            return
        self._complete.clear()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._complete.wait()
        except TimeoutError:
            missing = len(self._missing)
            raise UnansweredError(f"{missing} contacts have no work order after {ANSWER_SECONDS:g} s") from None


def source_of(event: bytes) -> str:
    """Return the source id of the contact that the event tells of."""
    found = _SOURCE.search(event)
    return found[1].decode() if found else str(from_json(event)["data"]["source_id"])


@asynccontextmanager
async def listening(client: Client) -> AsyncIterator[Openings]:
    """Yield what is heard from the stream, not from the subject: it is then committed and on the disk."""
    read_leanly(client)
    openings = Openings()
    inbox = client.new_inbox()
    subscription = await listen(client, inbox, openings.hear)
    stream = client.jetstream()
    consumer = await stream.add_consumer(
        EVENTS.name,
        ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.NEW,
            filter_subject=_OPENED,
            ack_policy=AckPolicy.NONE,
            mem_storage=True,
            num_replicas=1,
        ),
    )
    try:
        yield openings
    finally:
        with suppress(nats.errors.Error):
            await stream.delete_consumer(EVENTS.name, consumer.name)
            await subscription.unsubscribe()
