"""How long a contact takes to its work order: one alone, and in a steady stream whose pace does not wait for answers."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.bench.atomic import Outgoing
from shared.bench.contacts import Customers
from shared.bench.listening import ANSWER_SECONDS, Openings, listening
from shared.bench.pace import paced
from shared.bench.quantiles import Quantiles, quantiles
from shared.bench.singly import singly
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
SETTLE_SECONDS: Final = 120.0
_SEED: Final = 4


class Steady(BaseModel):
    """A steady stream of contacts."""

    model_config = ConfigDict(frozen=True)

    per_second: float
    """As they were sent; less than wanted, the client could not keep the pace and the figures are too good."""
    to_work_order: Quantiles
    behind: Quantiles
    """How late a contact was sent, which counts as latency too."""
    cpu_us_per_contact: dict[str, int]
    """Of processor, by process, until the last work order was heard of: what comes after it is partly in it."""
    cpu_us_in_all: int
    others_cores: float


class Latency(BaseModel):
    """From publishing a contact to reading `workorder.opened` on the stream."""

    model_config = ConfigDict(frozen=True)

    lone: Quantiles
    steady: Steady


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


async def warm_up(suite: RunningSuite, customers: Customers, openings: Openings) -> None:
    """Let connections, statements and caches come to be, and what a start brings with it be over."""
    contacts = customers.contacts(WARM_UP, suite.clock.now())
    async with singly(suite.endpoints.nats_url, CONTACTS.name) as publisher:
        for contact in contacts:
            publisher.send(publisher.prepared(contact))
            await publisher.acknowledged(ANSWER_SECONDS)
    await openings.until(_sources(contacts))
    await until_idle(suite.pid, SETTLE_SECONDS)


async def measure_lone(suite: RunningSuite, customers: Customers, openings: Openings, count: int) -> Quantiles:
    """Send `count` contacts one by one, each after a pause."""
    draw = random.Random(_SEED)  # noqa: S311 (pauses, not secrets)
    took = []
    async with singly(suite.endpoints.nats_url, CONTACTS.name) as publisher:
        for _ in range(count):
            await asyncio.sleep(draw.uniform(*PAUSE_SECONDS))
            (contact,) = customers.contacts(1, suite.clock.now())
            line = publisher.prepared(contact)
            began = time.monotonic()
            publisher.send(line)
            await openings.until(_sources([contact]))
            took.append(openings.heard[str(contact.message_id)] - began)
        await publisher.acknowledged(ANSWER_SECONDS)
    return quantiles(took)


async def _steady(suite: RunningSuite, customers: Customers, openings: Openings, count: int) -> Steady:
    """Send `count` contacts at the moments planned, answered or not; latency counts from the moment planned.

    So a stall of the suite counts for every contact that should have come meanwhile (no coordinated omission).
    """
    contacts = customers.contacts(count, suite.clock.now())
    async with singly(suite.endpoints.nats_url, CONTACTS.name) as publisher:
        lines = [publisher.prepared(contact) for contact in contacts]
        with watching(suite.pid, suite.names) as usage:
            planned, sent = await paced(publisher.send, lines, RATE)
            await publisher.acknowledged(ANSWER_SECONDS)
            await openings.until(_sources(contacts))
    took = [openings.heard[source] - at for source, at in zip(_sources(contacts), planned, strict=True)]
    costs = usage.microseconds_per(count)
    return Steady(
        per_second=round(count / (sent[-1] - planned[0] + 1 / RATE), 1),
        to_work_order=quantiles(took),
        behind=quantiles([max(0.0, at - wanted) for at, wanted in zip(sent, planned, strict=True)]),
        cpu_us_per_contact=costs,
        cpu_us_in_all=sum(costs.values()),
        others_cores=usage.others_cores,
    )


def _sources(contacts: Sequence[Outgoing]) -> list[str]:
    return [str(contact.message_id) for contact in contacts]
