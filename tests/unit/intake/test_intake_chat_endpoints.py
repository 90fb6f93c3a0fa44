"""The endpoints of WeChat, WeCom and Weibo: echo, signatures, encryption, repetitions, what is no contact (R-IN-01, R-IN-06)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from services.intake.adapters.wechat import endpoint as wechat
from services.intake.adapters.wechat import pushes
from services.intake.adapters.wecom import endpoint as wecom
from services.intake.adapters.weibo import endpoint as weibo
from shared.adapters import BusAway, Endpoint, HttpProblem, Running
from shared.adapters.setup import AdapterSetup
from shared.metrics import ADAPTER_REFUSED
from shared.plugins import ConfigError, Plugin, PluginError, build, config_of
from shared.policy import load_policy
from shared.settings import Settings
from shared.testing.contracts.bus import NOW, Bus
from shared.wechat import Cipher, signature
from tests.polling import until
from tests.vendor_server import Reply, VendorServer, vendor_server
from tests.wecom_service import CustomerService

KEY, OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TOKEN = "token-of-the-account"
SECRETS = {"token": TOKEN, "key": KEY, "other_key": OTHER_KEY, "kf_secret": "kf-secret"}
WECHAT = {"accounts": {"shop": {"app_id": "wx1", "token": "token", "aes_keys": ["key"]}}}
OPEN = {"accounts": {"shop": {"app_id": "wx1", "token": "token", "mode": "plain"}}}
WEIBO = {"accounts": {"shop": {"app_secret": "token"}}}
DIRECT: dict[str, Any] = {
    "type": "text",
    "receiver_id": 1902538057,
    "sender_id": 2489518277,
    "created_at": "Mon Jul 16 18:09:20 +0800 2012",
    "text": "空调坏了",
    "data": {},
}


def push(kind: str = "text", **fields: str) -> str:
    told = {"ToUserName": "gh_1", "FromUserName": "oABC", "CreateTime": "1348831860", "MsgType": kind, **fields}
    return f"<xml>{''.join(f'<{name}><![CDATA[{value}]]></{name}>' for name, value in told.items())}</xml>"


def at(offset: int = 0) -> str:
    return str(int(time.time()) + offset)


def sealed(text: str, *, key: str = KEY, receiver: str = "wx1", moment: str | None = None) -> tuple[str, bytes]:
    """Return query and body of an encrypted push."""
    moment, inner = moment or at(), Cipher(key, receiver).encrypt(text)
    query = {"msg_signature": signature(TOKEN, moment, "n", inner), "timestamp": moment, "nonce": "n"}
    return urlencode(query), f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{inner}</Encrypt></xml>".encode()


def signed(moment: str | None = None, nonce: str = "n", **more: str) -> str:
    moment = moment or at()
    return urlencode({"signature": signature(TOKEN, moment, nonce), "timestamp": moment, "nonce": nonce, **more})


@dataclass
class Desk:
    """An endpoint that runs, on a bus of this test."""

    client: httpx.AsyncClient
    bus: Bus

    async def get(self, query: str, account: str = "shop") -> tuple[int, str]:
        return await self._answered("GET", f"/{account}?{query}")

    async def post(self, query: str, body: bytes | str, account: str = "shop") -> tuple[int, str]:
        return await self._answered("POST", f"/{account}?{query}", body.encode() if isinstance(body, str) else body)

    async def _answered(self, method: str, url: str, body: bytes = b"") -> tuple[int, str]:
        try:
            answer = await self.client.request(method, url, content=body)
        except HttpProblem as problem:
            return problem.status, problem.kind
        except BusAway:
            return 503, "bus-away"
        return answer.status_code, answer.text


def built(plugin: Plugin, config: Mapping[str, Any], folder: Path = Path("unused")) -> Endpoint:
    setup = AdapterSetup(
        config=config_of(plugin, config),
        settings=Settings(),
        data=folder,
        now=lambda: NOW,
        secrets=lambda name: SecretStr(SECRETS[name]),
        policy=load_policy(),
    )
    endpoint: Endpoint = build(plugin, setup)
    return endpoint


@asynccontextmanager
async def desk(
    plugin: Plugin,
    config: Mapping[str, Any],
    away: Callable[[], bool] = lambda: False,
    folder: Path = Path("unused"),
    bus: Bus | None = None,
) -> AsyncIterator[Desk]:
    endpoint, stopping = built(plugin, config, folder), asyncio.Event()
    bus = bus or Bus(frozenset(endpoint.channels), away)
    work = bus.work(plugin.name, stopping)
    running = asyncio.create_task(endpoint.run(work)) if isinstance(endpoint, Running) else None
    app = httpx.ASGITransport(app=Starlette(routes=list(endpoint.routes(work))))
    async with httpx.AsyncClient(transport=app, base_url="http://gateway") as client:
        yield Desk(client, bus)
    stopping.set()
    if running is not None:
        await running


def not_taken(endpoint: str, reason: str = "no-contact") -> float:
    value: float = ADAPTER_REFUSED.labels(endpoint, reason)._value.get()
    return value


@pytest.mark.parametrize(
    ("plugin", "config"), [(wechat.plugin, WECHAT), (weibo.plugin, WEIBO)], ids=["wechat", "weibo"]
)
async def test_the_vendors_question_is_echoed_if_it_is_signed(plugin: Plugin, config: dict[str, Any]) -> None:
    async with desk(plugin, config) as one:
        assert await one.get(signed(echostr="5927782489442352469")) == (200, "5927782489442352469")
        assert await one.get(signed(echostr="1") + "0") == (200, "10")
        assert await one.get(signed(echostr="1").replace("nonce=n", "nonce=m")) == (401, "bad-signature")
        assert await one.get(signed(at(-4_000), echostr="1")) == (401, "stale")
        assert await one.get(signed()) == (401, "unsigned")
        assert await one.get(signed(echostr="1"), "nobody") == (404, "not-found")


async def test_wecoms_question_is_decrypted() -> None:
    config = {"accounts": {"shop": {"corp_id": "ww1", "token": "token", "aes_keys": ["key"]}}}
    moment, inner = at(), Cipher(KEY, "ww1").encrypt("1616140317555161061")
    query = {"msg_signature": signature(TOKEN, moment, "n", inner), "timestamp": moment, "nonce": "n", "echostr": inner}
    async with desk(wecom.plugin, config) as one:
        assert await one.get(urlencode(query)) == (200, "1616140317555161061")
        assert await one.get(urlencode({**query, "nonce": "m"})) == (401, "bad-signature")


async def test_a_message_is_published_as_it_came_and_its_repetition_has_the_same_id() -> None:
    async with desk(wechat.plugin, WECHAT) as one:
        text = push(Content="空调坏了", MsgId="6054768590064713728")
        for _ in range(3):
            assert await one.post(*sealed(text)) == (200, "success")
        told = one.bus.told
        assert {single.key for single in told} == {"wechat/shop/6054768590064713728"}
        assert (told[0].channel, told[0].data) == ("wechat", {"xml": text})


async def test_a_message_without_an_id_is_named_by_what_it_is() -> None:
    async with desk(wechat.plugin, WECHAT) as one:
        for content in ("在吗", "在吗", "在吗？"):
            await one.post(*sealed(push(Content=content)))
        keys = [single.key for single in one.bus.told]
        assert keys[0] == keys[1] != keys[2]


async def test_in_the_encrypted_modes_nothing_plain_is_taken() -> None:
    """Nobody talks an account out of its encryption."""
    for mode in ("safe", "compatible"):
        config = {"accounts": {"shop": {**WECHAT["accounts"]["shop"], "mode": mode}}}
        async with desk(wechat.plugin, config) as one:
            assert await one.post(signed(), push(Content="forged")) == (401, "unsigned")
            query, body = sealed(push(Content="true", MsgId="1"))
            mixed = body.replace(b"<xml>", b"<xml><Content>forged</Content><MsgId>2</MsgId>", 1)
            assert await one.post(query, mixed) == (200, "success")
            assert [single.data["xml"] for single in one.bus.told] == [push(Content="true", MsgId="1")]


async def test_a_changed_key_is_known_beside_the_former_one() -> None:
    config = {"accounts": {"shop": {"app_id": "wx1", "token": "token", "aes_keys": ["other_key", "key"]}}}
    async with desk(wechat.plugin, config) as one:
        assert (await one.post(*sealed(push(MsgId="1"))))[0] == 200
        assert (await one.post(*sealed(push(MsgId="2"), key=OTHER_KEY)))[0] == 200
        assert await one.post(*sealed(push(MsgId="3"), receiver="wx2")) == (401, "cannot-decrypt")
        assert len(one.bus.told) == 2


@pytest.mark.parametrize(
    "event",
    ["subscribe", "unsubscribe", "SCAN", "LOCATION", "CLICK", "VIEW", "TEMPLATESENDJOBFINISH", "event_of_next_year"],
)
async def test_what_is_no_contact_is_counted_and_answered(event: str) -> None:
    before = not_taken("wechat")
    async with desk(wechat.plugin, WECHAT) as one:
        assert await one.post(*sealed(push("event", Event=event))) == (200, "success")
        assert one.bus.told == []
    assert not_taken("wechat") == before + 1


async def test_a_kind_of_message_that_nobody_knows_goes_onto_the_bus_too() -> None:
    """Its channel refuses it, so that it lies in the dead letters and somebody sees it (R-IN-08)."""
    async with desk(wechat.plugin, WECHAT) as one:
        assert await one.post(*sealed(push("hologram", MsgId="1"))) == (200, "success")
        assert len(one.bus.told) == 1


@pytest.mark.parametrize(("plugin", "config"), [(wechat.plugin, OPEN), (weibo.plugin, WEIBO)], ids=["wechat", "weibo"])
async def test_a_signature_that_does_not_cover_the_body_stands_for_one_body(
    plugin: Plugin, config: dict[str, Any]
) -> None:
    """Who has seen a signed address cannot send something else with it; the vendor's own repetition is taken."""

    def body(text: str) -> str:
        return push(Content=text, MsgId="1") if plugin is wechat.plugin else json.dumps({**DIRECT, "text": text})

    async with desk(plugin, config) as one:
        query = signed()
        assert (await one.post(query, body("true")))[0] == 200
        assert (await one.post(query, body("true")))[0] == 200
        assert await one.post(query, body("forged")) == (401, "signature-reused")
        assert (await one.post(signed(nonce="other"), body("true")))[0] == 200
        assert len(one.bus.keys) == 1


async def test_two_messages_of_one_second_on_weibo_stay_two() -> None:
    """Weibo's messages have no id: sender and second alone would make one of them (R-IN-06)."""
    async with desk(weibo.plugin, WEIBO) as one:
        for number, text in enumerate(("空调坏了", "而且漏水", "空调坏了")):
            assert await one.post(signed(nonce=f"n{number}"), json.dumps({**DIRECT, "text": text})) == (200, "")
        keys = [single.key for single in one.bus.told]
        assert keys[0] == keys[2] != keys[1]
        assert all(key.startswith("weibo/shop/2489518277-") for key in keys)


@pytest.mark.parametrize("kind", ["event", "mention"])
async def test_what_is_no_direct_message_on_weibo_is_counted_and_answered(kind: str) -> None:
    before = not_taken("weibo")
    async with desk(weibo.plugin, WEIBO) as one:
        assert await one.post(signed(), json.dumps({**DIRECT, "type": kind})) == (200, "")
        assert one.bus.told == []
    assert not_taken("weibo") == before + 1


@pytest.mark.parametrize(("plugin", "config"), [(wechat.plugin, OPEN), (weibo.plugin, WEIBO)], ids=["wechat", "weibo"])
async def test_what_is_not_on_the_bus_is_not_answered_with_success(plugin: Plugin, config: dict[str, Any]) -> None:
    body = push(MsgId="1") if plugin is wechat.plugin else json.dumps(DIRECT)
    async with desk(plugin, config, away=lambda: True) as one:
        assert await one.post(signed(), body) == (503, "bus-away")


async def test_a_bus_that_is_slow_is_not_waited_for_longer_than_the_vendor_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pushes, "ANSWER_SECONDS", 0.05)

    class Slow(Bus):
        async def publish(self, *_: Any, **__: Any) -> Any:
            await asyncio.Event().wait()

    async with desk(wechat.plugin, OPEN, bus=Slow(frozenset({"wechat"}))) as one:
        assert await one.post(signed(), push(MsgId="1")) == (503, "bus-away")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", (400, "bad-xml")),
        (b"<xml>", (400, "bad-xml")),
        (b"\xff\xfe", (400, "bad-text")),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>', (400, "bad-xml")),
    ],
    ids=str,
)
async def test_what_cannot_be_read_is_refused(body: bytes, answer: tuple[int, str]) -> None:
    async with desk(wechat.plugin, OPEN) as one:
        assert await one.post(signed(), body) == answer


def test_settings_that_cannot_work_are_told_at_the_start() -> None:
    with pytest.raises(ConfigError, match="aes_keys"):
        config_of(wechat.plugin, {"accounts": {"shop": {"app_id": "wx1", "token": "token"}}})
    with pytest.raises(ConfigError, match="accounts"):
        config_of(weibo.plugin, {"accounts": {}})
    with pytest.raises(PluginError, match="43"):
        built(wechat.plugin, {"accounts": {"shop": {"app_id": "wx1", "token": "token", "aes_keys": ["token"]}}})


ANNOUNCED = push("event", Event="kf_msg_or_event", Token="event-token", OpenKfId="wk1")


def with_customer_service(vendor: VendorServer, every: float = 86_400) -> dict[str, Any]:
    fetching = {"secret": "kf_secret", "api": vendor.url, "trusted_hosts": ["127.0.0.1"], "every_seconds": every}
    account = {"corp_id": "ww1", "token": "token", "aes_keys": ["key"], "customer_service": fetching}
    return {"accounts": {"shop": account}}


@asynccontextmanager
async def customer_service(
    service: CustomerService, folder: Path, away: Callable[[], bool] = lambda: False
) -> AsyncIterator[Desk]:
    async with (
        vendor_server(service.answer) as vendor,
        desk(wecom.plugin, with_customer_service(vendor), away, folder) as one,
    ):
        yield one


async def announce(one: Desk) -> tuple[int, str]:
    return await one.post(*sealed(ANNOUNCED, receiver="ww1"))


async def test_announced_messages_are_fetched_page_by_page_and_only_once(tmp_path: Path) -> None:
    service = CustomerService()
    service.came("一", "二", "三", "四", "五")
    async with customer_service(service, tmp_path) as one:
        assert await announce(one) == (200, "")
        assert [single.id for single in one.bus.told] == ["m0", "m1", "m2", "m3", "m4"]
        assert one.bus.told[0].key == "wecom/shop/m0"
        service.came("六")
        assert await announce(one) == (200, "")
        assert len(one.bus.told) == 6
        assert service.event_tokens == {"event-token"}
        assert service.cursors == ["", "c2", "c4", "c5"]


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was announced while nobody listened is fetched at the start."""
    service = CustomerService()
    service.came("一", "二")
    async with vendor_server(service.answer) as vendor:
        config = with_customer_service(vendor)
        async with desk(wecom.plugin, config, folder=tmp_path) as one:
            await announce(one)
        service.came("三")
        async with desk(wecom.plugin, config, folder=tmp_path) as one:
            await until(lambda: _here(one.bus), 20, every=0.01)
            assert one.bus.keys == {"wecom/shop/m2"}


async def _here(bus: Bus) -> bool:
    return bool(bus.told)


async def test_what_could_not_be_published_is_fetched_again(tmp_path: Path) -> None:
    """The cursor moves on only when all before it is on the bus: nothing is lost, a repetition has the same id."""
    service, gone = CustomerService(), [True]
    service.came("一", "二", "三")
    async with customer_service(service, tmp_path, lambda: gone[0]) as one:
        assert await announce(one) == (503, "bus-away")
        gone[0] = False
        assert await announce(one) == (200, "")
        assert one.bus.keys == {"wecom/shop/m0", "wecom/shop/m1", "wecom/shop/m2"}


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(500),
        Reply(trouble="cut"),
        Reply(200, b"?"),
        Reply(value={"errcode": 45009}),
        Reply(value={"errcode": 0, "msg_list": 7}),
    ],
    ids=str,
)
async def test_a_vendor_in_trouble_is_asked_again_when_it_announces_again(trouble: Reply, tmp_path: Path) -> None:
    service = CustomerService(troubles=[trouble])
    service.came("一")
    async with customer_service(service, tmp_path) as one:
        assert (await announce(one))[0] == 503
        assert await announce(one) == (200, "")
        assert one.bus.keys == {"wecom/shop/m0"}


async def test_a_token_that_has_run_out_is_fetched_again(tmp_path: Path) -> None:
    service = CustomerService()
    service.came("一")
    async with customer_service(service, tmp_path) as one:
        await announce(one)
        service.good = "token-2"
        service.came("二")
        assert await announce(one) == (200, "")
        assert len(one.bus.told) == 2


async def test_what_no_customer_sent_is_counted(tmp_path: Path) -> None:
    service = CustomerService(page=10)
    service.came("答复", origin=5)
    service.came("进入会话", origin=4, msgtype="event")
    service.came("在吗")
    before = not_taken("wecom")
    async with customer_service(service, tmp_path) as one:
        await announce(one)
        assert one.bus.keys == {"wecom/shop/m2"}
    assert not_taken("wecom") == before + 2


async def test_many_announcements_at_once_are_one_fetch_after_the_other(tmp_path: Path) -> None:
    service = CustomerService(page=1)
    service.came(*"一二三四五")
    async with customer_service(service, tmp_path) as one:
        answers = await asyncio.gather(*(announce(one) for _ in range(10)))
        assert answers == [(200, "")] * 10
        assert [single.id for single in one.bus.told] == ["m0", "m1", "m2", "m3", "m4"]


async def test_without_customer_service_its_announcements_are_counted() -> None:
    config = {"accounts": {"shop": {"corp_id": "ww1", "token": "token", "aes_keys": ["key"]}}}
    async with desk(wecom.plugin, config) as one:
        assert await announce(one) == (200, "")
        assert await one.post(*sealed(push(Content="在吗", MsgId="1"), receiver="ww1")) == (200, "")
        assert one.bus.keys == {"wecom/shop/1"}
