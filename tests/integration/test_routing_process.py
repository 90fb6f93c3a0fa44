"""Routing as its own processes: replicas are killed in the middle of their work, and nothing is lost, doubled or skipped."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic_core import from_json, to_json

from services.routing.store import tables
from shared.events import WorkorderHandedOver, WorkorderOpened, WorkorderStep
from shared.events.commands import GetWorkorder, Respond
from shared.ids import new_id
from tests.integration.routing_house import MONDAY, House, contact, message_of, routing_house

CONTACTS = 1_200


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    async with routing_house(database_url, fresh_nats) as ready:
        yield ready


@asynccontextmanager
async def process(database_url: str, nats_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a routing process that is ready; it is killed on leaving, as hard as a power cut would."""
    readable, writable = os.pipe()
    environment = os.environ | {
        "YINGDA_NATS_URL": nats_url,
        "YINGDA_DATABASE_URL": database_url,
        "YINGDA_READY_FD": str(writable),
        "YINGDA_BATCH_SIZE": "100",
        "YINGDA_LOG_LEVEL": "error",
    }
    command = (sys.executable, "-m", "shared.cli.main", "run", "routing")
    started = await asyncio.create_subprocess_exec(*command, env=environment, pass_fds=(writable,))
    os.close(writable)
    try:
        with os.fdopen(readable) as ready:
            assert "metrics" in await asyncio.to_thread(ready.read)
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def until_done(house: House, count: int) -> None:
    async with asyncio.timeout(60):
        while await house.count(tables.work_orders) < count or await unsent(house):
            await asyncio.sleep(0.1)


async def unsent(house: House) -> int:
    found: int = (await house.row("SELECT count(*) FROM routing.outbox WHERE sent_at IS NULL"))[0]
    return found


async def ask(house: House, subject: str, **body: Any) -> dict[str, Any]:
    request = to_json({"command_id": new_id(), "by": "service-1", **body})
    reply: dict[str, Any] = from_json((await house.client.request(subject, request, timeout=10)).data)
    return reply


async def test_killed_in_the_middle(house: House, database_url: str, fresh_nats: str) -> None:
    """R-RT-06 and the handbook's numbers: two replicas killed, one left: each contact one work order, no number missing."""
    await house.publish(*(message_of(contact(), MONDAY) for _ in range(CONTACTS)))
    async with process(database_url, fresh_nats) as first, process(database_url, fresh_nats) as second:
        for victim, share in ((first, 4), (second, 2)):
            while await house.count(tables.work_orders) < CONTACTS // share and victim.returncode is None:
                await asyncio.sleep(0.005)
            victim.kill()
            await victim.wait()
    async with process(database_url, fresh_nats):
        await until_done(house, CONTACTS)
    row = await house.row(
        "SELECT count(*), count(DISTINCT number), max(substr(number, 11)::int) FROM routing.work_orders"
    )
    assert tuple(row) == (CONTACTS, CONTACTS, CONTACTS)
    told = Counter(message.key for message in await house.messages() if isinstance(message.data, WorkorderOpened))
    assert len(told) == CONTACTS


async def test_commands_and_cut_off_of_a_running_service(house: House, database_url: str, fresh_nats: str) -> None:
    """Contract: commands are answered over NATS; what is past its cut-off is handed over without being asked (R-RT-03)."""
    long_ago = MONDAY - timedelta(days=30)
    async with process(database_url, fresh_nats):
        await house.publish(
            message_of(contact(), MONDAY), message_of(contact("改名", long_ago, category="info_change"), MONDAY)
        )
        await until_done(house, 2)
        (first, change) = await house.told(WorkorderOpened)
        assert (await ask(house, Respond.SUBJECT, work_order_id=first.work_order_id, text="好的"))["ok"]
        found = await ask(house, GetWorkorder.SUBJECT, number=first.number)
        assert [step["step"] for step in found["result"]["steps"]] == ["opened", "responded"]
        async with asyncio.timeout(30):
            while not (batches := await house.told(WorkorderHandedOver)):
                await asyncio.sleep(0.1)
    assert [batch.work_order_ids for batch in batches] == [(change.work_order_id,)]
    assert [step.version for step in await house.told(WorkorderStep)] == [2]
