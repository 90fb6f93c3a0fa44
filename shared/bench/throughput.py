"""Contacts per second through all services, beside two baselines with the same messages and rows, in one run."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.bench.atomic import Outgoing
from shared.bench.baseline import BaselineRun, Kind, run_baseline
from shared.bench.contacts import Customers, publish
from shared.bench.footprint import STATISTICS_SECONDS, Written, footprint_of, row_widths, rows_written
from shared.bench.passage import Passage, passage_of
from shared.bench.stage import Footprint
from shared.bench.streams import delivered, last_sequence, read, until_quiet
from shared.bench.suite import CLOCK, RunningSuite, running_suite
from shared.bench.usage import until_idle, watching
from shared.bus.streams import EVENTS
from shared.service import Service, installed_services

CONTACTS: Final = 20_000
CLASSIC_CONTACTS: Final = 500
LEAST: Final = 60
"""Contacts of the shortest run: each of the sample's once."""
LAST: Final = ("routing", "sla", "notify")
"""The services whose events end the measured time."""
_SETTLE_LIMIT_SECONDS: Final = 20.0
_LOOKS: Final = 3
SLOWEST: Final = 20
"""Contacts per second below which a run is given up."""


class SuiteRun(BaseModel):
    """How fast contacts passed through the suite, and what they cost."""

    model_config = ConfigDict(frozen=True)

    contacts: int
    seconds: float
    """From the first contact published to the last one whose work order is open, clocks started, notice recorded."""
    contacts_per_second: float
    drained_seconds: float
    """Until the last event of all, whoever sent it."""
    notices: dict[str, int]
    cpu_us_per_contact: dict[str, int]
    cpu_us_in_all: int
    others_cores: float


class Throughput(BaseModel):
    """The suite beside its baselines."""

    model_config = ConfigDict(frozen=True)

    suite: SuiteRun
    footprint: Footprint
    bare: BaselineRun
    classic: BaselineRun
    suite_to_bare: float
    suite_to_classic: float
    cpu_bare_to_suite: float
    """Processor time for a contact: about the same ratio where nothing but the processor is short, whoever else is busy."""


class UnfinishedError(Exception):
    """Contacts did not become what they should."""


async def measure_throughput(
    folder: Path, size: float, tell: Callable[[str], None], *, settle_seconds: float = STATISTICS_SECONDS
) -> Throughput:
    """Measure the suite, then the baselines with what it was seen to write; `size` is a share of 20,000 contacts."""
    services = installed_services()
    at = datetime.fromisoformat(CLOCK)
    contacts = Customers().contacts(max(LEAST, round(CONTACTS * size)), at)
    tell(f"throughput: {len(contacts)} contacts through the suite")
    async with running_suite(folder / "suite") as suite:
        await until_idle(suite.pid, _SETTLE_LIMIT_SECONDS)
        before = await _written(suite, settle_seconds)
        run, passage = await run_suite(suite, services, contacts)
        consumed = {
            name: await delivered(suite.client, one.stream.name, one.consumer.service) for name, one in services.items()
        }
        written = _since(before, await _written(suite, settle_seconds))
        async with suite.database() as connection:
            widths = await row_widths(connection)
    footprint = footprint_of(len(contacts), services, passage, consumed, written, widths)

    async def baseline(kind: Kind, some: Sequence[Outgoing]) -> BaselineRun:
        tell(f"throughput: {len(some)} contacts through the {kind} pipeline, {footprint.messages:g} events each")
        limit, every = 60 + len(some) / SLOWEST, tuple(services.values())
        return await run_baseline(kind, folder / kind, footprint, every, some, LAST, limit)

    bare = await baseline("bare", contacts)
    classic = await baseline("classic", contacts[: max(LEAST, round(CLASSIC_CONTACTS * size))])
    return Throughput(
        suite=run,
        footprint=footprint,
        bare=bare,
        classic=classic,
        suite_to_bare=round(run.contacts_per_second / bare.contacts_per_second, 3),
        suite_to_classic=round(run.contacts_per_second / classic.contacts_per_second, 1),
        cpu_bare_to_suite=round(sum(bare.cpu_us_per_contact.values()) / run.cpu_us_in_all, 3),
    )


async def run_suite(
    suite: RunningSuite, services: Mapping[str, Service], contacts: Sequence[Outgoing]
) -> tuple[SuiteRun, Passage]:
    """Publish `contacts` and wait until all is done; `UnfinishedError` where one has not become what it should."""
    client, before = suite.client, await last_sequence(suite.client, EVENTS.name)
    count = len(contacts)
    with watching(suite.pid, suite.names) as usage:
        began = time.time()
        await publish(client, contacts)
        waiting = [(one.stream.name, one.consumer.service) for one in services.values()]
        await until_quiet(client, EVENTS.name, waiting, 60 + count / SLOWEST)
    sources = [str(contact.message_id) for contact in contacts]
    for _ in range(_LOOKS):  # what a loop of a service still has to do is on no stream
        passage = await passage_of(read(client, EVENTS.name, before))
        if not (missing := passage.unfinished(sources)):
            break
        await until_idle(suite.pid, _SETTLE_LIMIT_SECONDS)
    if missing:
        raise UnfinishedError(f"{len(missing)} of {count} contacts have no work order, clocks or notice: {missing[0]}")
    seconds = passage.finished_at(sources) - began
    return (
        SuiteRun(
            contacts=count,
            seconds=round(seconds, 2),
            contacts_per_second=round(count / seconds, 1),
            drained_seconds=round(passage.last_at - began, 2),
            notices=dict(passage.notices),
            cpu_us_per_contact=usage.microseconds_per(count),
            cpu_us_in_all=sum(usage.microseconds_per(count).values()),
            others_cores=usage.others_cores,
        ),
        passage,
    )


async def _written(suite: RunningSuite, settle_seconds: float) -> dict[str, Written]:
    async with suite.database() as connection:
        return await rows_written(connection, settle_seconds=settle_seconds)


def _since(before: Mapping[str, Written], after: Mapping[str, Written]) -> dict[str, Written]:
    nothing = Written(0, 0)
    return {
        name: Written(
            one.inserted - before.get(name, nothing).inserted, one.updated - before.get(name, nothing).updated
        )
        for name, one in after.items()
    }
