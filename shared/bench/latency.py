"""How long a contact takes to its work order: one alone, and in a steady stream whose pace does not wait for answers."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json

from shared.bench.atomic import Outgoing
from shared.bench.contacts import Customers
from shared.bench.quantiles import Quantiles, quantiles
from shared.bench.suite import RunningSuite, running_suite
from shared.bench.usage import until_idle, watching
from shared.bus.streams import CONTACTS

LONE: Final = 200
PAUSE_SECONDS: Final = (0.1, 0.6)
"""Between the answer to one lone contact and the next: of random length, so that no timer is always met or missed."""
RATE: Final = 300
"""Contacts per second."""
STEADY_SECONDS: Final = 60
LEAST: Final = 10
WARM_UP: Final = 120
ANSWER_SECONDS: Final = 60.0
SETTLE_SECONDS: Final = 120.0
_OPENED: Final = "yingda.event.workorder.opened"
_SEED: Final = 4


class Steady(BaseModel):
    """A steady stream of contacts."""

    model_config = ConfigDict(frozen=True)

    per_second: float
    """As they were sent; less than wanted, the client could not keep the pace and the figures are too good."""
    to_work_order: Quantiles
    behind: Quantiles
    """How late a contact was sent, which counts as latency too."""
    others_cores: float


class Latency(BaseModel):
    """From publishing a contact to reading `workorder.opened` on the stream."""

    model_config = ConfigDict(frozen=True)

    lone: Quantiles
    steady: Steady


class UnansweredError(Exception):
    """Contacts became no work orders in time."""


@dataclass(slots=True)
class Openings:
    """When each work order was heard to be opened, by the contact's source id, on the monotonic clock."""

    heard: dict[str, float] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hear(self, message: Msg) -> None:
        """Note one event."""
        at = time.monotonic()
        source = from_json(message.data)["data"]["source_id"]
        async with self._news:
            self.heard[source] = at
            self._news.notify_all()

    async def until(self, sources: Sequence[str]) -> None:
        """Return when all of them were heard; `UnansweredError` after a minute without."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._news:
                await self._news.wait_for(lambda: all(source in self.heard for source in sources))
        except TimeoutError:
            missing = sum(source not in self.heard for source in sources)
            raise UnansweredError(f"{missing} contacts have no work order after {ANSWER_SECONDS:g} s") from None


async def measure_latency(folder: Path, size: float, tell: Callable[[str], None]) -> Latency:
    """Measure 200 lone contacts and 60 s of 300 a second; `size` is a share of both."""
    customers = Customers(1)
    async with running_suite(folder / "suite") as suite, listening(suite.client) as openings:
        await warm_up(suite, customers, openings)
        count = max(LEAST, round(LONE * size))
        tell(f"latency: {count} lone contacts")
        lone = await measure_lone(suite, customers, openings, count)
        seconds = max(1.0, STEADY_SECONDS * size)
        tell(f"latency: {RATE} contacts a second for {seconds:g} s")
        return Latency(lone=lone, steady=await _steady(suite, customers, openings, round(RATE * seconds)))


@asynccontextmanager
async def listening(client: Client) -> AsyncIterator[Openings]:
    """Yield what is heard from the stream, not from the subject: it is then committed and on the disk."""
    openings = Openings()
    subscription = await client.jetstream().subscribe(_OPENED, ordered_consumer=True, cb=openings.hear)
    yield openings
    await subscription.unsubscribe()


async def warm_up(suite: RunningSuite, customers: Customers, openings: Openings) -> None:
    """Let connections, statements and caches come to be, and what a start brings with it be over."""
    contacts = customers.contacts(WARM_UP, suite.clock.now())
    for contact in contacts:
        await _send(suite.client, contact)
    await openings.until([str(contact.message_id) for contact in contacts])
    await until_idle(suite.pid, SETTLE_SECONDS)


async def measure_lone(suite: RunningSuite, customers: Customers, openings: Openings, count: int) -> Quantiles:
    """Send `count` contacts one by one, each after a pause."""
    draw = random.Random(_SEED)  # noqa: S311 (pauses, not secrets)
    took = []
    for _ in range(count):
        await asyncio.sleep(draw.uniform(*PAUSE_SECONDS))
        (contact,) = customers.contacts(1, suite.clock.now())
        source = str(contact.message_id)
        began = time.monotonic()
        await _send(suite.client, contact)
        await openings.until([source])
        took.append(openings.heard[source] - began)
    return quantiles(took)


async def _steady(suite: RunningSuite, customers: Customers, openings: Openings, count: int) -> Steady:
    """Send `count` contacts at the moments planned, answered or not; latency counts from the moment planned.

    So a stall of the suite counts for every contact that should have come meanwhile (no coordinated omission).
    """
    contacts = customers.contacts(count, suite.clock.now())
    planned: list[float] = []
    behind: list[float] = []
    with watching(suite.pid, suite.names) as usage:
        begin = time.monotonic() + 0.2
        async with asyncio.TaskGroup() as sending:
            for number, contact in enumerate(contacts):
                at = begin + number / RATE
                if (left := at - time.monotonic()) > 0:
                    await asyncio.sleep(left)
                planned.append(at)
                behind.append(max(0.0, time.monotonic() - at))
                sending.create_task(_send(suite.client, contact))
            sent_in = time.monotonic() - begin + 1 / RATE
        sources = [str(contact.message_id) for contact in contacts]
        await openings.until(sources)
    took = [openings.heard[source] - at for source, at in zip(sources, planned, strict=True)]
    return Steady(
        per_second=round(count / sent_in, 1),
        to_work_order=quantiles(took),
        behind=quantiles(behind),
        others_cores=usage.others_cores,
    )


async def _send(client: Client, contact: Outgoing) -> None:
    headers = {"Nats-Msg-Id": str(contact.message_id)}
    await client.jetstream().publish(
        contact.subject, contact.body, stream=CONTACTS.name, headers=headers, timeout=ANSWER_SECONDS
    )
