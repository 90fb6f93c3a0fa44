"""Guarantee 9: SIGTERM finishes the batch in hand and the process is gone in under 10 s, with no redelivery."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from sqlalchemy import text

from shared.db import create_engine
from shared.settings import Settings
from shared.testing.embedded import EmbeddedServers
from shared.testing.servers import Servers
from tests.faults.customers import Customers
from tests.faults.fleet import SERVICES, STREAM_OF, fleet, fleet_at
from tests.faults.outcome import settled

GONE_SECONDS = 10.0
RATE = 80.0


async def deliveries(client: Client, service: str) -> tuple[int, int]:
    """Return how many messages there have been for `service`, and how often the server has delivered one of them."""
    jetstream = client.jetstream()
    info = await jetstream.consumer_info(STREAM_OF[service], service)
    patterns = info.config.filter_subjects or [info.config.filter_subject or ">"]
    subjects = (await jetstream.stream_info(STREAM_OF[service], subjects_filter=">")).state.subjects or {}
    there = sum(count for subject, count in subjects.items() if any(_matches(p, subject) for p in patterns))
    assert info.delivered is not None
    return there, info.delivered.consumer_seq


def _matches(pattern: str, subject: str) -> bool:
    wanted, given = pattern.split("."), subject.split(".")
    return len(wanted) == len(given) and all(w in {"*", g} for w, g in zip(wanted, given, strict=True))


@pytest.mark.timeout(300)  # as long as a busy machine needs
async def test_every_service_stops_under_load_without_a_redelivery(servers: Servers) -> None:
    """R-IN-06, R-NT-04: each in turn, while contacts come; and at the end all of them."""
    async with fleet_at(servers) as (ships, client):
        customers = Customers(client)
        async with customers.writing(RATE):
            left = await ships.roll()
        found = await settled(client, customers.book)
        counts = {service: await deliveries(client, service) for service in SERVICES}
        left += await asyncio.gather(*(ships.leave(replica) for replica in list(ships.replicas)))
        logs = ships.logs()
    print({gone.service: round(gone.seconds, 2) for gone in left})  # noqa: T201 (shown by `pytest -s`)
    assert [gone for gone in left if gone.code != 0 or gone.seconds >= GONE_SECONDS] == []
    assert found.faults(customers.book) == []
    assert {service: again - there for service, (there, again) in counts.items()} == dict.fromkeys(SERVICES, 0)
    assert "cut off" not in logs
    assert "not stopped in order" not in logs


@pytest.mark.slow_faults
async def test_a_batch_that_cannot_be_finished_is_given_back_and_the_process_is_gone_in_time(servers: Servers) -> None:
    """R-IN-06: what it writes to is locked by somebody else, and stays so."""
    async with fleet_at(servers) as (ships, client):
        customers = Customers(client)
        intake = next(replica for replica in ships.replicas if replica.name == "intake")
        engine = create_engine(Settings(database_url=ships.database_url))
        async with engine.begin() as connection:
            await connection.execute(text("LOCK TABLE intake.inbox IN ACCESS EXCLUSIVE MODE"))
            await customers.write(20, 200.0)
            gone = await ships.leave(intake)
            another = await client.jetstream().pull_subscribe_bind("intake", "CONTACTS")
            given_back = await another.fetch(20, timeout=1)  # sooner than the server would take it from a dead process
            for message in given_back:
                await message.nak()
            await another.unsubscribe()
        await engine.dispose()
        await ships.join("intake")
        found = await settled(client, customers.book)
    assert (gone.code, gone.seconds < GONE_SECONDS) == (0, True), gone
    assert len(given_back) == 20
    assert found.faults(customers.book) == []


@pytest.mark.slow_faults
async def test_all_are_gone_in_time_while_both_servers_hang() -> None:
    """They neither answer nor close the connection: SIGSTOP of NATS, and of every process of PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="yingda-stop-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        async with (
            EmbeddedServers(folder) as servers,
            fleet(folder, servers.nats_url, servers.database_url) as ships,
        ):
            client = await nats.connect(servers.nats_url)
            customers = Customers(client)
            async with customers.writing(RATE):
                await customers.acknowledged(160)
            await client.close()
            hung = [pid for parent in servers.pids.values() for pid in (parent, *children_of(parent))]
            try:
                for pid in hung:
                    os.kill(pid, signal.SIGSTOP)
                left = await asyncio.gather(*(ships.leave(replica) for replica in list(ships.replicas)))
            finally:
                for pid in hung:
                    os.kill(pid, signal.SIGCONT)
    print({gone.service: round(gone.seconds, 2) for gone in left})  # noqa: T201 (shown by `pytest -s`)
    assert [gone for gone in left if gone.code < 0 or gone.seconds >= GONE_SECONDS] == []


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
