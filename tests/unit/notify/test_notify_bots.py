"""The bots of WeCom, DingTalk and Feishu against servers that do as the vendors document (R-NT-05, R-NT-04)."""

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.notify.plugins import dingtalk_bot, feishu_bot, group_bot, in_time, wecom_bot
from services.notify.plugins.group_bot import GroupBot
from services.notify.plugins.markup import no_markdown, plain, shortened
from services.notify.ports import Message, Outbound, Outcome, Rejected, Retry, Sender, Sent, TransportSetup, Unknown
from shared.plugins import ConfigError, Plugin, build, config_of
from shared.settings import Settings
from tests.vendor_server import Asked, Reply, VendorServer, vendor_server

NOW = datetime(2020, 11, 23, 2, 15, tzinfo=UTC)
SECRETS = {"bot_token": "token/with?signs", "bot_secret": "SEC-invented"}
BOTS: dict[str, tuple[Plugin, dict[str, Any]]] = {
    "wecom_bot": (wecom_bot.plugin, {"key": "bot_token"}),
    "dingtalk_bot": (dingtalk_bot.plugin, {"access_token": "bot_token", "secret": "bot_secret"}),
    "feishu_bot": (feishu_bot.plugin, {"token": "bot_token", "secret": "bot_secret"}),
}
TAKEN = {
    "wecom_bot": {"errcode": 0, "errmsg": "ok"},
    "dingtalk_bot": {"errcode": 0, "errmsg": "ok"},
    "feishu_bot": {"code": 0, "msg": "success", "data": {}},
}
TOO_OFTEN = {
    "wecom_bot": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "dingtalk_bot": {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
    "feishu_bot": {"code": 11232, "msg": "frequency limited psm"},
}
REFUSED = {
    "wecom_bot": {"errcode": 93000, "errmsg": "invalid webhook url"},
    "dingtalk_bot": {"errcode": 310000, "errmsg": "sign not match"},
    "feishu_bot": {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"},
}


def alert(
    number: int = 1, text: str = "工单 XR20261123001 即将超时", audience: str = "staff", to: str = "13800138000"
) -> Outbound:
    message = Message(f"n-{number}", to, f"预警 {number}", text, Sender("应答", "service@example.com"), "zh-CN")
    return Outbound(message, "warning", audience, 1, "XR20261123001")


def said(asked: Asked) -> str:
    """Return the text of a post, whichever vendor it was for."""
    body = asked.json()
    kind = body.get("msgtype", body.get("msg_type"))
    content = body.get(kind, body.get("content"))
    return str(content.get("content", content.get("text")))


@asynccontextmanager
async def bot(
    name: str, answer: Callable[[Asked], Reply], *, channel: str = "email", wait: float = 5.0, **config: Any
) -> AsyncIterator[tuple[GroupBot, VendorServer]]:
    plugin, settings = BOTS[name]
    async with vendor_server(answer) as vendor:
        chosen = config_of(plugin, {**settings, "api": vendor.url, "trusted_hosts": ["127.0.0.1"], **config})
        setup = TransportSetup(
            config=chosen,
            settings=Settings(),
            data=Path("unused"),
            now=lambda: NOW,
            secrets=lambda name: SecretStr(SECRETS[name]),
            channel=channel,
            wait_seconds=wait,
        )
        transport = build(plugin, setup)
        assert isinstance(transport, GroupBot)
        try:
            yield transport, vendor
        finally:
            await transport.close()


async def post(name: str, reply: Reply, *messages: Outbound, wait: float = 5.0) -> Sequence[Outcome]:
    async with bot(name, lambda _: reply, wait=wait) as (transport, _):
        return await transport.send(messages or [alert()])


@pytest.mark.parametrize("name", BOTS)
async def test_a_burst_of_alerts_is_one_post(name: str) -> None:
    async with bot(name, lambda _: Reply(value=TAKEN[name])) as (transport, vendor):
        assert await transport.send([alert(n) for n in range(5)]) == [Sent()] * 5
        assert [said(vendor.asked[0]).count(f"预警 {n}") for n in range(5)] == [1] * 5
        assert len(vendor.asked) == 1
        assert await transport.send([alert(6)]) == [Sent()]
        assert vendor.connections == 1


@pytest.mark.parametrize("name", BOTS)
async def test_what_several_people_are_told_stands_in_the_group_once(name: str) -> None:
    async with bot(name, lambda _: Reply(value=TAKEN[name])) as (transport, vendor):
        messages = [alert(1, to="a@example.com"), alert(2), alert(1, to="b@example.com")]
        assert await transport.send(messages) == [Sent()] * 3
        assert said(vendor.asked[0]).count("预警 1") == 1


@pytest.mark.parametrize("name", BOTS)
async def test_nothing_is_longer_than_the_vendor_takes_and_what_is_cut_says_so(name: str) -> None:
    async with bot(name, lambda _: Reply(value=TAKEN[name])) as (transport, vendor):
        outcomes = await transport.send([alert(1, "长" * 20_000), alert(2, '"\\' * 20_000), alert(3)])
        assert outcomes == [Sent()] * 3
        most = {"wecom_bot": 2_048, "dingtalk_bot": 5_000, "feishu_bot": 9_000}[name]
        assert all(len(said(one).encode()) <= most for one in vendor.asked)
        assert all(len(one.body) <= 20_000 for one in vendor.asked)
        assert said(vendor.asked[0]).endswith("…")


@pytest.mark.parametrize("name", BOTS)
async def test_the_vendors_limit_of_posts_is_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over it waits; a post is as long as it may be, so that each is one of its own."""
    clock = [1_000.0]
    monkeypatch.setattr(group_bot, "now", lambda: clock[0])
    most = {"wecom_bot": 20, "dingtalk_bot": 20, "feishu_bot": 5}[name]
    async with bot(name, lambda _: Reply(value=TAKEN[name])) as (transport, vendor):
        outcomes = await transport.send([alert(n, "长" * 20_000) for n in range(most + 3)])
        assert [isinstance(one, Sent) for one in outcomes] == [True] * most + [False] * 3
        assert all(isinstance(one, Retry) for one in outcomes[most:])
        assert len(vendor.asked) == most
        clock[0] += 61
        assert await transport.send([alert()]) == [Sent()]


@pytest.mark.parametrize("name", BOTS)
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("too often", Retry),
        ("refused", Rejected),
        (Reply(429), Retry),
        (Reply(500), Unknown),
        (Reply(502, b"<html>bad gateway</html>"), Unknown),
        (Reply(200, b"no json"), Unknown),
        (Reply(200, [1]), Unknown),
        (Reply(trouble="cut"), Unknown),
        (Reply(trouble="half"), Unknown),
        (Reply(trouble="garbage"), Unknown),
    ],
    ids=str,
)
async def test_what_the_vendor_answers(name: str, reply: Reply | str, kind: type[Outcome]) -> None:
    """A refusal never ends an address: the group is not the person's (R-NT-07)."""
    told = {"too often": Reply(value=TOO_OFTEN[name]), "refused": Reply(value=REFUSED[name])}
    (outcome,) = await post(name, told[reply] if isinstance(reply, str) else reply)
    assert isinstance(outcome, kind)
    assert not (isinstance(outcome, Rejected) and outcome.address)


@pytest.mark.slow
@pytest.mark.parametrize("name", BOTS)
async def test_a_vendor_that_says_nothing_is_given_up_in_time_and_its_message_is_unknown(name: str) -> None:
    (outcome,) = await post(name, Reply(trouble="hang"), wait=1.5)
    assert isinstance(outcome, Unknown)


@pytest.mark.slow
async def test_a_batch_ends_in_time_however_long_the_policy_waits_for_one_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R-NT-04."""
    monkeypatch.setattr(in_time, "END_SECONDS", 3.0)
    (outcome,) = await post("wecom_bot", Reply(trouble="hang"), wait=60.0)
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("name", BOTS)
async def test_a_vendor_that_cannot_be_reached_has_taken_nothing(name: str) -> None:
    async with bot(name, lambda _: Reply()) as (transport, vendor):
        pass
    assert vendor.asked == []
    (outcome,) = await transport.send([alert()])
    assert isinstance(outcome, Retry)


@pytest.mark.parametrize("name", BOTS)
async def test_what_stops_one_post_stops_those_behind_it(name: str) -> None:
    """DingTalk shuts a bot out for ten minutes that goes on posting."""
    async with bot(name, lambda _: Reply(value=TOO_OFTEN[name])) as (transport, vendor):
        outcomes = await transport.send([alert(n, "长" * 20_000) for n in range(4)])
        assert all(isinstance(one, Retry) for one in outcomes)
        assert len(vendor.asked) == 1


@pytest.mark.parametrize("name", BOTS)
async def test_a_customers_message_is_never_shown_to_a_group(name: str) -> None:
    async with bot(name, lambda _: Reply(value=TAKEN[name])) as (transport, vendor):
        first, second = await transport.send([alert(1, "您好", audience="customer"), alert(2)])
        assert isinstance(first, Rejected)
        assert second == Sent()
        assert "您好" not in said(vendor.asked[0])


@pytest.mark.parametrize("name", BOTS)
async def test_its_secrets_stand_in_no_outcome_and_in_no_log(name: str) -> None:
    with capture_logs() as logs:
        outcomes = [
            *await post(name, Reply(trouble="cut")),
            *await post(name, Reply(value=REFUSED[name])),
            *await post(name, Reply(500)),
        ]
    told = f"{outcomes} {logs}"
    assert not any(part in told for part in ("token/with", "token%2Fwith", "SEC-invented", "sign="))


ALL = '@all @所有人 <@all> <at user_id="all">所有人</at> @ everyone'


@pytest.mark.parametrize("name", BOTS)
async def test_nobody_can_have_everybody_called(name: str) -> None:
    """Who writes a complaint must not be able to call the whole group."""
    async with bot(name, lambda _: Reply(value=TAKEN[name])) as (transport, vendor):
        await transport.send([alert(1, ALL)])
        body = vendor.asked[0].json()
        text = said(vendor.asked[0])
        assert not any(mark in text for mark in ("@all", "@所有人", "<at", "<@", "@ everyone"))
        assert body.get("at", {}).get("isAtAll", False) is False
        assert body.get("text", {}).get("mentioned_list", []) == []


@pytest.mark.parametrize("name", ["wecom_bot", "dingtalk_bot"])
async def test_markdown_holds_no_marks_but_ours(name: str) -> None:
    async with bot(name, lambda _: Reply(value=TAKEN[name]), format="markdown") as (transport, vendor):
        await transport.send([alert(1, f"# 大 [点我](http://a.cn) **b** `c` {ALL}")])
        text = said(vendor.asked[0])
        assert text.startswith("**预警 1**\n")
        assert not any(mark in text.split("\n", 1)[1] for mark in "*_`[]#<>@|~\\!")
        assert vendor.asked[0].json().get("markdown", {}).get("title", "预警 1") == "预警 1"


async def test_the_person_is_called_by_number_where_the_policy_wants_it() -> None:
    async with bot("wecom_bot", lambda _: Reply(value=TAKEN["wecom_bot"]), channel="sms", mention=True) as (
        one,
        vendor,
    ):
        await one.send([alert(1), alert(2), alert(3, to="13900139000")])
        assert vendor.asked[0].json()["text"]["mentioned_mobile_list"] == ["13800138000", "13900139000"]
    async with bot("dingtalk_bot", lambda _: Reply(value=TAKEN["dingtalk_bot"]), channel="sms", mention=True) as (
        one,
        vendor,
    ):
        await one.send([alert(1)])
        assert vendor.asked[0].json()["at"] == {"isAtAll": False, "atMobiles": ["13800138000"]}
        assert said(vendor.asked[0]).endswith("\n@13800138000")
    async with bot("wecom_bot", lambda _: Reply(value=TAKEN["wecom_bot"]), mention=True) as (one, vendor):
        await one.send([alert(1)])
        assert "mentioned_mobile_list" not in vendor.asked[0].json()["text"]


async def test_dingtalk_is_signed_in_the_address() -> None:
    async with bot("dingtalk_bot", lambda _: Reply(value=TAKEN["dingtalk_bot"])) as (transport, vendor):
        await transport.send([alert()])
        query = vendor.asked[0].query
        moment = query["timestamp"]
        seal = hmac.new(b"SEC-invented", f"{moment}\nSEC-invented".encode(), hashlib.sha256).digest()
        assert abs(int(moment) / 1000 - time.time()) < 300  # the vendor's clock, whatever the business rehearses with
        assert query == {
            "access_token": "token/with?signs",
            "timestamp": moment,
            "sign": base64.b64encode(seal).decode(),
        }
        assert vendor.asked[0].path == "/robot/send"


async def test_feishu_is_signed_in_the_body() -> None:
    async with bot("feishu_bot", lambda _: Reply(value=TAKEN["feishu_bot"])) as (transport, vendor):
        await transport.send([alert()])
        body = vendor.asked[0].json()
        seal = hmac.new(f"{body['timestamp']}\nSEC-invented".encode(), digestmod=hashlib.sha256).digest()
        assert (
            abs(int(body["timestamp"]) - time.time()) < 300
        )  # the vendor's clock, whatever the business rehearses with
        assert body["sign"] == base64.b64encode(seal).decode()
        assert vendor.asked[0].target == "/open-apis/bot/v2/hook/token%2Fwith%3Fsigns"


async def test_wecoms_key_is_in_the_address() -> None:
    async with bot("wecom_bot", lambda _: Reply(value=TAKEN["wecom_bot"])) as (transport, vendor):
        await transport.send([alert()])
        assert vendor.asked[0].target == "/cgi-bin/webhook/send?key=token%2Fwith%3Fsigns"


def test_feishus_former_answer_is_understood() -> None:
    assert feishu_bot.FeishuBot.outcome(object(), {"StatusCode": 0, "StatusMessage": "success"}) == Sent()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BOTS)
def test_settings_that_are_wrong_are_named(name: str) -> None:
    plugin, settings = BOTS[name]
    with pytest.raises(ConfigError, match="colour"):
        config_of(plugin, {**settings, "colour": "red"})
    with pytest.raises(ConfigError, match="api"):
        config_of(plugin, {**settings, "api": "ftp://x"})
    with pytest.raises(ConfigError, match=r"trusted_hosts.*neither a host nor a network"):
        config_of(plugin, {**settings, "trusted_hosts": ["10.0.0.0/99"]})
    with pytest.raises(ConfigError):
        config_of(plugin, {})


@given(text=st.text(max_size=300), most=st.integers(3, 200))
def test_what_is_cut_fits_and_begins_as_it_did(text: str, most: int) -> None:
    cut = shortened(text, most)
    assert len(cut.encode()) <= most
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


@given(st.text(max_size=200))
def test_texts_have_no_marks_left(text: str) -> None:
    assert not set("*_`[]#<>@|~\\!") & set(no_markdown(text))
    assert not set("<>\r\x00\u202e\u200b") & set(plain(text))
