"""The endpoints of WeChat, WeCom and Weibo: echo, signatures, encryption, repetitions, what is no contact (R-IN-01, R-IN-06)."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from services.intake.adapters.wechat import endpoint as wechat
from services.intake.adapters.wechat import pushes
from services.intake.adapters.wecom import endpoint as wecom
from services.intake.adapters.weibo import endpoint as weibo
from shared.plugins import ConfigError, Plugin, PluginError, config_of
from shared.testing.contracts.bus import Bus
from shared.wechat import Cipher, signature
from tests.unit.intake.chat_desk import (
    KEY,
    OTHER_KEY,
    TOKEN,
    at,
    built,
    desk,
    not_taken,
    push,
    sealed,
    signed,
)

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
