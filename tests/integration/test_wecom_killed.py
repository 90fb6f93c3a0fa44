"""`kill -9` of the real gateway while it fetches messages to WeCom's customer service: none is lost, none is there twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
from nats.aio.client import Client

from services.intake.plugins.wecom import WecomChannel
from shared.bus.streams import CONTACTS
from shared.events import Contact
from shared.testing.service_process import adapter_process, policy_with
from tests.chats import CHAT_ENDPOINTS, CHAT_SECRETS, sealed
from tests.gateway import published
from tests.polling import until
from tests.vendor_server import VendorServer, vendor_server
from tests.wecom_service import CustomerService

EACH = 150
ANNOUNCED = (
    "<xml><ToUserName>ww1</ToUserName><CreateTime>1348831860</CreateTime><MsgType>event</MsgType>"
    "<Event>kf_msg_or_event</Event><Token>event-token</Token><OpenKfId>wk1</OpenKfId></xml>"
)


@pytest.fixture
async def client(own_nats: str) -> AsyncIterator[Client]:
    client = await nats.connect(own_nats)
    await client.jetstream().add_stream(CONTACTS.config())
    yield client
    await client.close()


@pytest.fixture
async def service() -> AsyncIterator[tuple[CustomerService, VendorServer]]:
    service = CustomerService(page=7)
    async with vendor_server(service.answer) as vendor:
        yield service, vendor


def starter(nats_url: str, vendor: VendorServer, folder: Path) -> AbstractAsyncContextManager[Any]:
    fetching = {"secret": "kf_secret", "api": vendor.url, "trusted_hosts": ["127.0.0.1"]}
    account = {**CHAT_ENDPOINTS["wecom"]["accounts"]["shop"], "customer_service": fetching}
    policy = policy_with(folder / "policy.yaml", endpoints={"wecom": {"accounts": {"shop": account}}})
    secrets = {**CHAT_SECRETS, "YINGDA_SECRET_KF_SECRET": "kf-secret"}
    return adapter_process("gateway", nats_url, policy, folder / "data", YINGDA_GATEWAY_PORT="0", **secrets)


async def announce(url: str) -> int:
    """Announce as the vendor does; return what was answered, 0 where nobody did."""
    pushed = sealed("/wecom/shop", "ww1", ANNOUNCED)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
        try:
            return (await http.post(pushed.path, content=pushed.body)).status_code
        except httpx.TransportError:
            return 0


async def count(client: Client) -> int:
    return (await client.jetstream().stream_info(CONTACTS.name)).state.messages


async def test_killed_while_it_fetches_it_loses_no_message_and_tells_none_twice(
    client: Client, service: tuple[CustomerService, VendorServer], own_nats: str, tmp_path: Path
) -> None:
    """R-IN-06: what was on the bus and not yet passed by is fetched again, under the same id."""
    vendor, server = service
    for round_ in range(2):
        vendor.came(*(f"第 {round_}.{n} 条" for n in range(EACH)))
        async with starter(own_nats, server, tmp_path) as (process, told):
            asking = asyncio.create_task(announce(told["web"]))
            await until(partial(_at_least, client, round_ * EACH + EACH // 5), 60, every=0.005)
            process.kill()
            await process.wait()
            await asking
    async with starter(own_nats, server, tmp_path) as (_process, told):
        await until(partial(_at_least, client, 2 * EACH), 60)
        vendor.came("最后一条")
        await until(partial(_taken, told["web"]), 60)  # the vendor repeats what was not answered in time
    found = await published(client)
    assert sorted(one["id"] for one in found) == sorted(f"m{n}" for n in range(2 * EACH + 1))
    readings = [WecomChannel().read(one["data"]) for one in found]
    assert {reading.text for reading in readings if isinstance(reading, Contact)} >= {"第 0.0 条", "最后一条"}


async def _taken(url: str) -> bool:
    return await announce(url) == httpx.codes.OK


async def _at_least(client: Client, least: int) -> bool:
    return await count(client) >= least
