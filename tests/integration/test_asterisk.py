"""R-IN-10: the adapter `asterisk` as its own process, before a switchboard on a real socket and a real NATS."""

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from pydantic import SecretStr

from services.intake.adapters.asterisk.ari import Ari, AriError
from services.intake.adapters.asterisk.config import AsteriskConfig
from services.intake.plugins.phone import PhoneChannel
from shared.bus.streams import CONTACTS
from shared.events import PhoneContact
from shared.testing.service_process import adapter_process, policy_with
from tests.asterisk import PASSWORD, TRUNK, Asterisk, running_asterisk
from tests.polling import until

CALLS = 40


class Runs:
    """What starts the adapter, with the same data each time."""

    def __init__(self, nats_url: str, policy: Path, data: Path) -> None:
        self._where = (nats_url, policy, data)
        self.journal = data / "plugins" / "adapter" / "asterisk" / "calls"

    def __call__(self) -> AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
        return adapter_process("asterisk", *self._where, YINGDA_SECRET_ARI_PASSWORD=PASSWORD)


@pytest.fixture
async def asterisk() -> AsyncIterator[Asterisk]:
    async with running_asterisk() as started:
        yield started


@pytest.fixture
async def client(own_nats: str) -> AsyncIterator[Client]:
    client = await nats.connect(own_nats)
    await client.jetstream().add_stream(CONTACTS.config())
    yield client
    await client.close()


@pytest.fixture
def run(own_nats: str, asterisk: Asterisk, tmp_path: Path) -> Runs:
    config = {
        "url": asterisk.url,
        "user": "yingda",
        "password": "ari_password",
        "contexts": [TRUNK],
        "agents": {"1001": "service-1"},
    }
    policy = policy_with(tmp_path / "policy.yaml", adapters={"asterisk": config})

    return Runs(own_nats, policy, tmp_path / "data")


def kept(run: Runs) -> int:
    """How many calls the adapter has in its journal."""
    return len(list(run.journal.glob("*.json")))


async def is_ready(metrics_url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(metrics_url.replace("/metrics", "/readyz"), timeout=10)).status_code == httpx.codes.OK


async def is_not_ready(metrics_url: str) -> bool:
    return not await is_ready(metrics_url)


async def published(client: Client) -> list[dict[str, Any]]:
    """Return the envelopes on the stream, in order."""
    held = await JetStreamContext(client).stream_info(CONTACTS.name)
    numbers = range(held.state.first_seq, held.state.last_seq + 1) if held.state.messages else range(0)
    messages = [await JetStreamContext(client).get_msg(CONTACTS.name, number) for number in numbers]
    return [json.loads(message.data or b"") for message in messages]


async def until_published(client: Client, count: int) -> dict[str, dict[str, Any]]:
    """Return the calls on the stream by their id, once there are `count`."""

    async def enough() -> bool:
        return (await JetStreamContext(client).stream_info(CONTACTS.name)).state.messages >= count

    await until(enough, 60)
    return {one["id"]: one for one in await published(client)}


async def test_calls_become_contacts_by_telephone(client: Client, asterisk: Asterisk, run: Runs) -> None:
    async with run():
        await asterisk.listener()
        asterisk.ring("1.answered", "13800138000")
        asterisk.answer("1.answered", "agent-1001")
        asterisk.hang_up("1.answered")
        asterisk.ring("2.missed", "13900139000")
        asterisk.hang_up("2.missed")
        asterisk.ring("3.internal", "1002", context="agents")
        asterisk.hang_up("3.internal")
        found = await until_published(client, 2)
    assert set(found) == {"1.answered", "2.missed"}
    assert {one["source"] for one in found.values()} == {"phone/main"}
    answered, missed = (PhoneChannel().read(found[name]["data"]) for name in ("1.answered", "2.missed"))
    assert isinstance(answered, PhoneContact)
    assert isinstance(missed, PhoneContact)
    assert (answered.call.missed, answered.agent_id, answered.customer.phone) == (False, "service-1", "13800138000")
    assert (missed.call.missed, missed.agent_id, missed.customer.phone) == (True, None, "13900139000")


async def test_killed_in_the_middle_it_loses_no_call_and_tells_none_twice(
    client: Client, asterisk: Asterisk, run: Runs
) -> None:
    """Calls that go on through two `kill -9`, some of which end, and some are answered, while nobody listens."""
    for round_ in range(2):
        async with run() as (process, _told):
            await asterisk.listener()
            for n in range(CALLS):
                asterisk.ring(f"{round_}.{n}", f"138001{round_}{n:04}")
            for n in range(0, CALLS, 4):
                asterisk.hang_up(f"{round_}.{n}")
            # the last one that rang is in the journal, so all before it are; the ended ones may be published or not
            await until(lambda: kept(run) >= CALLS * 3 // 4, 60)
            await until_published(client, CALLS // 4 + round_ * CALLS // 2)
            process.kill()
            await process.wait()
        for n in range(1, CALLS, 4):
            asterisk.hang_up(f"{round_}.{n}")
        for n in range(2, CALLS, 4):
            asterisk.answer(f"{round_}.{n}", f"agent-{2000 + n}", dial=False)
    async with run():
        await asterisk.listener()
        await until_published(client, CALLS)
        for name in [name for name in asterisk.channels if not name.startswith("agent-")]:
            asterisk.hang_up(name)
        found = await until_published(client, 2 * CALLS)
        await until(lambda: kept(run) == 0, 60)
    ids = [one["id"] for one in await published(client)]
    assert sorted(ids) == sorted({f"{round_}.{n}" for round_ in range(2) for n in range(CALLS)})
    records = {name: one["data"]["call_record"] for name, one in found.items()}
    assert {name for name, record in records.items() if record.get("unobserved")} == {
        f"{round_}.{n}" for round_ in range(2) for n in range(1, CALLS, 4)
    }
    assert {name for name, record in records.items() if record["answered_at"]} == {
        f"{round_}.{n}" for round_ in range(2) for n in range(2, CALLS, 4)
    }


async def test_a_switchboard_that_goes_away_is_waited_for(client: Client, asterisk: Asterisk, run: Runs) -> None:
    async with run() as (_process, told):
        await asterisk.listener()
        asterisk.ring("1", "13800138000")
        await until(lambda: kept(run) == 1, 60)
        await asterisk.stop()
        asterisk.listeners.clear()
        await until(lambda: is_not_ready(told["metrics"]), 60)
        await asterisk.start()
        await asterisk.listener()
        asterisk.drop()
        asterisk.listeners.clear()
        await asterisk.listener()
        await until(lambda: is_ready(told["metrics"]), 60)
        asterisk.hang_up("1")
        found = await until_published(client, 1)
    assert found["1"]["data"]["call_record"]["ended_at"]


async def test_a_password_that_asterisk_refuses_is_told(asterisk: Asterisk, run: Runs, client: Client) -> None:
    """It never gets ready, and goes on asking: the right one may come with the switchboard's next configuration."""
    asterisk.password = "another"
    async with run() as (_process, told):
        assert await is_not_ready(told["metrics"])
        asterisk.password = PASSWORD
        await asterisk.listener()
        await until(lambda: is_ready(told["metrics"]), 60)


def ari(asterisk: Asterisk) -> Ari:
    config = {"url": asterisk.url, "user": "yingda", "password": "ari_password", "contexts": [TRUNK]}
    return Ari(AsteriskConfig.model_validate(config), SecretStr(PASSWORD))


async def test_a_fault_of_this_machine_is_not_taken_for_one_of_the_switchboard(asterisk: Asterisk) -> None:
    """A full disk ends the adapter, which is started again and finds its calls in the journal; it does not go on without them."""
    with pytest.raises(OSError, match="No space"):
        async with ari(asterisk).listening():
            raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_connection_that_breaks_is_a_fault_of_the_switchboard(asterisk: Asterisk) -> None:
    async def listen() -> None:
        async with ari(asterisk).listening() as connection:
            await asterisk.listener()
            asterisk.drop()
            await connection.recv()

    with pytest.raises(AriError, match="is away"):
        await listen()
