"""The gateway as its own user of NATS: it may do all that its endpoints need, and publish to no channel of others."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.adapters.configured import channels_of
from shared.permissions import installed_users
from shared.permissions.server_config import permissions_text
from shared.policy import load_policy
from shared.testing.service_process import adapter_process, policy_with
from tests.chatter import Chatter
from tests.gateway import SECRETS, call, form, send, webhook
from tests.privilege.guarded import Guarded

ENDPOINTS = {
    "web_form": {},
    "web_chat": {"origins": ["https://shop.example.com"]},
    "webhook": {"senders": {"erp": {"channel": "app", "keys": ["erp_key"]}}},
    "phone_records": {"keys": ["erp_key"]},
}


@pytest.fixture
async def policy(house: Guarded, tmp_path: Path) -> AsyncIterator[Path]:
    """A policy with some endpoints, after which the server goes; as it was afterwards."""
    path = policy_with(tmp_path / "policy.yaml", endpoints=ENDPOINTS)
    house.nats.permissions = permissions_text(installed_users(load_policy(path)))
    await house.nats.reload()
    yield path
    house.nats.permissions = None
    await house.nats.reload()


async def test_what_each_endpoint_needs_is_allowed(house: Guarded, policy: Path, tmp_path: Path) -> None:
    before = len(house.nats.violations())
    key = str(house.secrets / "nats" / "gateway.nk")
    place = {"YINGDA_NATS_NKEY_FILE": key, **SECRETS}
    async with adapter_process("gateway", house.nats.url, policy, tmp_path / "data", **place) as (process, told):
        async with httpx.AsyncClient(base_url=told["web"], trust_env=False, timeout=30) as http:
            for post in (form(1), webhook(1), call(1)):
                assert (await send(http, post)).status_code == 202
            fields = {"text": "屏幕坏了", "phone": "13800138000"}
            answer = await http.post("/web_form", data=fields, files={"photo": ("a.txt", b"text", "text/plain")})
            assert answer.status_code == 202, answer.text
        chatter = Chatter(told["web"], "session-of-a-guarded-customer", ["你好", "要求退货"])
        await chatter.run()
        assert (chatter.reference or "").startswith("web/chat/")
        async with house.speaker("operations") as operations:
            heard = await operations.client.subscribe("yingda.heartbeat.gateway")
            assert (await heard.next_msg(timeout=60)).subject == "yingda.heartbeat.gateway"
        process.terminate()
        assert await process.wait() == 0
    assert house.nats.violations()[before:] == []


async def test_it_may_publish_to_the_channels_of_its_endpoints_only(house: Guarded, policy: Path) -> None:
    own = channels_of("gateway", load_policy(policy))
    assert own == ("app", "phone", "web")
    async with house.speaker("gateway") as gateway:
        for channel in ("email", "sms", "wechat", "weibo", "walk_in"):
            assert await gateway.publish(f"yingda.contact.received.{channel}"), channel


async def test_without_an_endpoint_it_may_publish_nothing(house: Guarded) -> None:
    async with house.speaker("gateway") as gateway:
        for channel in ("web", "phone", "sms"):
            assert await gateway.publish(f"yingda.contact.received.{channel}"), channel
        assert await gateway.publish("yingda.heartbeat.gateway") == []
        assert await gateway.publish("yingda.chat.open.x")
        assert await gateway.subscribe("yingda.heartbeat.*")
