"""Guarantee 2, the power: what NATS has acknowledged is on the disk, whatever the moment at which the power fails.

The power cut is the worst one possible: of every file only what the server had synced is left (`shared.testing.sync_watch`).
"""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from sqlalchemy import text

from shared.bus.publish import Outgoing, Publisher
from shared.bus.streams import CONTACTS
from shared.db import create_engine
from shared.settings import Settings
from shared.testing.embedded_nats import STORE, EmbeddedNats
from shared.testing.stream import READ_AT_ONCE
from shared.testing.sync_watch import SyncWatch
from tests.faults.customers import Customers
from tests.faults.fleet import fleet
from tests.faults.outcome import settled

BATCHES = 40
BATCH = 200
SINGLES = 300
CUTS = 4
SUBJECT = "yingda.contact.received.web"


@dataclass
class Cut:
    """What had been acknowledged when the power failed, and what the disk held then."""

    disk: Path
    acknowledged: Counter[str]


@dataclass
class Writers:
    """Two adapters that write without a pause, one in batches and one by one, and what each was promised."""

    publisher: Publisher
    watch: SyncWatch
    folder: Path
    acknowledged: Counter[str] = field(default_factory=Counter)
    cuts: list[Cut] = field(default_factory=list)
    syncs: Counter[str] = field(default_factory=Counter)

    async def write(self) -> None:
        await self._count("batches", self._batches())
        await self._count("singles", self._singles())
        await asyncio.gather(self._batches("more"), self._singles("more"))

    async def _count(self, what: str, writing: Awaitable[None]) -> None:
        before = self.watch.syncs.total()
        await writing
        self.syncs[what] = self.watch.syncs.total() - before

    async def _batches(self, label: str = "") -> None:
        for batch in range(BATCHES):
            await self._publish([f"{label}b{batch}-{n}" for n in range(BATCH)])
            if label and batch % (BATCHES // CUTS) == 0:
                self._cut()

    async def _singles(self, label: str = "") -> None:
        for n in range(SINGLES):
            await self._publish([f"{label}s{n}"])

    async def _publish(self, names: list[str]) -> None:
        await self.publisher.publish([Outgoing(name, SUBJECT, name.encode() * 100) for name in names])
        self.acknowledged.update(names)

    def _cut(self) -> None:
        """Note both at the same moment: no acknowledgement is read meanwhile."""
        disk = self.folder / f"cut{len(self.cuts)}"
        self.cuts.append(Cut(disk, Counter(self.acknowledged)))
        self.watch.leave(disk / STORE)


@asynccontextmanager
async def written(sync_interval: str) -> AsyncIterator[Writers]:
    """Yield what two adapters did to a server that syncs so often, and its disk at several moments of it."""
    with tempfile.TemporaryDirectory(prefix="yingda-power-") as name:
        folder = Path(name)
        with SyncWatch(folder / "nats" / STORE, folder / "shadow") as watch:
            async with EmbeddedNats(folder / "nats", sync_interval=sync_interval, wrapper=watch.wrapper) as server:
                client = await nats.connect(server.url)
                await client.jetstream().add_stream(CONTACTS.config())
                watch.settle()
                writers = Writers(Publisher(client, CONTACTS.name), watch, folder)
                await writers.write()
                await client.close()
        yield writers


async def kept(cut: Cut) -> Counter[str]:
    """Return what a server finds on the disk that the cut has left."""
    async with EmbeddedNats(cut.disk) as server:
        client = await nats.connect(server.url)
        found = await _names(client)
        await client.close()
        return found


async def _names(client: Client) -> Counter[str]:
    jetstream = client.jetstream()
    left = (await jetstream.stream_info(CONTACTS.name)).state.messages
    subscription = await jetstream.pull_subscribe(
        SUBJECT, stream=CONTACTS.name, config=ConsumerConfig(ack_policy=AckPolicy.NONE)
    )
    found: Counter[str] = Counter()
    while found.total() < left:
        messages = await subscription.fetch(min(READ_AT_ONCE, left - found.total()), timeout=30)
        found.update((message.headers or {})["Nats-Msg-Id"] for message in messages)
    return found


@pytest.mark.timeout(300)  # as long as a busy machine needs
async def test_whatever_was_acknowledged_survives_the_loss_of_power() -> None:
    """R-IN-06: at several moments while contacts are written in batches and one by one."""
    async with written("always") as writers:
        for cut in writers.cuts:
            found = await kept(cut)
            assert cut.acknowledged - found == Counter()
            assert set(found.values()) == {1}
        assert len(writers.cuts) == CUTS
        print(  # noqa: T201 (shown by `pytest -s`)
            f"{writers.syncs['batches']} fsyncs for {BATCHES} batches of {BATCH} contacts, "
            f"{writers.syncs['singles']} for {SINGLES} contacts one by one"
        )
        assert writers.syncs["singles"] >= SINGLES, "each is on the disk before it is acknowledged"
        assert BATCHES <= writers.syncs["batches"] <= 10 * BATCHES, "a batch is on the disk with a few fsyncs for all"


async def test_the_servers_own_default_loses_what_it_acknowledged() -> None:
    """Why `sync_interval: always` is in the configuration, and proof that the test above can fail."""
    async with written("2m") as writers:
        lost = [(cut.acknowledged - await kept(cut)).total() for cut in writers.cuts]
        assert min(lost) > BATCHES * BATCH, "not even the first contacts are there"


async def test_the_database_syncs_each_commit(database_url: str) -> None:
    engine = create_engine(Settings(database_url=database_url))
    async with engine.connect() as connection:
        held = [await connection.scalar(text(f"SHOW {name}")) for name in ("fsync", "synchronous_commit")]
    await engine.dispose()
    assert held == ["on", "on"]


@pytest.mark.slow_faults
@pytest.mark.timeout(180)
async def test_the_house_goes_on_after_its_bus_lost_its_power(database_url: str) -> None:
    """R-IN-06, R-SLA-09, R-NT-04: the bus forgets even what was consumed; each contact has its effects once all the same."""
    with tempfile.TemporaryDirectory(prefix="yingda-power-") as name:
        folder = Path(name)
        store, left = folder / "nats" / STORE, folder / "left"
        with SyncWatch(store, folder / "shadow") as watch:
            async with (
                EmbeddedNats(folder / "nats", wrapper=watch.wrapper) as server,
                fleet(folder, server.url, database_url),
            ):
                client = await nats.connect(
                    server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=_not_told
                )
                customers = Customers(client)
                await customers.write(20, 100)
                watch.settle()
                async with customers.writing(60):
                    await customers.acknowledged(180)
                    await server.kill()
                    gone = time.time()
                    watch.leave(left)
                    shutil.rmtree(store)
                    left.rename(store)
                    await server.start()
                    back = time.time()
                    await customers.acknowledged(120)
                found = await settled(client, customers.book)
                await client.close()
    assert found.faults(customers.book) == []
    assert [sent for sent in customers.book.sent.values() if gone < sent < back], "contacts were written meanwhile"


async def _not_told(_error: Exception) -> None:
    """A server that is away is what this test is about."""
