"""Guarantee 2, the cluster: streams on three nodes of NATS; any one is lost by `kill -9`, and the house goes on.

The judge is the customers' own book of what the cluster acknowledged.
"""

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from shared.bus.streams import CONTACTS, STREAMS
from shared.testing.embedded_cluster import ClusterNode, EmbeddedCluster
from shared.testing.servers import Servers, fresh_database
from tests.faults.customers import Customers
from tests.faults.fleet import SERVICES, STREAM_OF, Fleet, fleet
from tests.faults.outcome import AWAY, outcome, settled
from tests.polling import until

RATE = 20.0
GOES_ON_SECONDS = 90.0
"""Until a contact written after the loss is a work order: the nodes need 4 to 9 s to notice it and elect a leader."""


@dataclass
class House:
    """A cluster, the services on it, and customers who write to it."""

    cluster: EmbeddedCluster
    ships: Fleet
    client: Client
    customers: Customers

    async def goes_on(self) -> float:
        """Return after how many seconds a contact that was written from now on is a work order."""
        began = time.time()

        async def opened() -> bool:
            with suppress(*AWAY):  # it is being elected who answers that; and without a leader nobody tells either
                return any(self.customers.book.sent[key] > began for key in (await outcome(self.client)).opened_at)
            return False

        await until(opened, GOES_ON_SECONDS, every=0.5)
        return time.time() - began

    async def lose(self, node: ClusterNode) -> float:
        """Kill `node`, go on without it, and have it back; return the seconds that it took to go on."""
        await node.kill()
        seconds = await self.goes_on()
        assert node.pid is None
        await node.start()
        await self.cluster.healthy()
        return seconds


@asynccontextmanager
async def house_on_three_nodes(servers: Servers) -> AsyncIterator[House]:
    """Yield a house with a database of its own: to one that knows the contacts of another test, they would be repeats."""
    with tempfile.TemporaryDirectory(prefix="yingda-cluster-") as name:
        folder = Path(name)
        async with (
            EmbeddedCluster(folder / "nats") as cluster,
            fresh_database(servers.database_url, "cluster") as database_url,
            fleet(folder, cluster.url, database_url, YINGDA_STREAM_REPLICAS="3") as ships,
        ):
            client = await nats.connect(
                cluster.url.split(","), max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=_not_told
            )
            try:
                yield House(cluster, ships, client, Customers(client))
            finally:
                await client.close()


async def _not_told(_error: Exception) -> None:
    """A node that is away is what this test is about."""


async def nothing_lost_nothing_doubled(house: House) -> None:
    book, jetstream = house.customers.book, house.client.jetstream()
    found = await settled(house.client, book)
    if faults := found.faults(book):
        contacts = (await jetstream.stream_info(CONTACTS.name)).state
        place = f"{len(book.acknowledged)} acknowledged, {contacts.messages} on {CONTACTS.name}, {len(found.registered)} registered"
        raise AssertionError(f"{place}, {len(found.opened)} opened: {len(faults)} faults: {faults[:20]}")
    assert {(await jetstream.stream_info(stream.name)).config.num_replicas for stream in STREAMS} == {3}
    for service in SERVICES:
        held = (await jetstream.consumer_info(STREAM_OF[service], service)).cluster
        assert held is not None
        assert len(held.replicas or ()) == 2, "the consumer has as many copies as its stream"


async def leader_of(cluster: EmbeddedCluster, stream: str) -> ClusterNode:
    for node in cluster.nodes:
        if stream in await node.leads():
            return node
    raise AssertionError(f"nobody leads {stream}")


@pytest.mark.slow_faults
async def test_the_loss_of_the_node_that_leads_the_events_loses_and_doubles_nothing(servers: Servers) -> None:
    """R-IN-06, R-NT-04: it is lost in the middle of batches, which it alone had in hand."""
    async with house_on_three_nodes(servers) as house:
        async with house.customers.writing(RATE):
            await house.goes_on()
            seconds = await house.lose(await leader_of(house.cluster, "EVENTS"))
        await nothing_lost_nothing_doubled(house)
        print(f"{len(house.customers.book.sent)} contacts, went on after {seconds:.1f} s")  # noqa: T201 (`pytest -s`)


@pytest.mark.slow_faults
@pytest.mark.timeout(600)
async def test_any_node_may_be_lost_one_after_the_other(servers: Servers) -> None:
    """R-IN-06, R-NT-04: twice around, so that each is lost as a leader and as a follower."""
    async with house_on_three_nodes(servers) as house:
        async with house.customers.writing(RATE):
            await house.goes_on()
            seconds = [await house.lose(node) for _ in range(2) for node in house.cluster.nodes]
        await nothing_lost_nothing_doubled(house)
        book = house.customers.book
        print(f"{len(book.sent)} contacts, {book.repeated} publications repeated, went on after {seconds}")  # noqa: T201 (same)
