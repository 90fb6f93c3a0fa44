"""WeChat template messages against a server that does as the vendor documents (R-NT-04, R-NT-05, R-NT-07)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.notify.plugins import in_time, wechat_token
from services.notify.plugins.wechat_fields import FieldOf, fitted, kind_of, value_of
from services.notify.plugins.wechat_template import WechatTemplate, plugin
from services.notify.ports import Message, Outbound, Rejected, Retry, Sender, Sent, TransportSetup, Unknown
from shared.plugins import ConfigError, PluginError, build, config_of
from shared.settings import Settings
from tests.vendor_server import Asked, Reply, VendorServer, vendor_server

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
SETTINGS: dict[str, Any] = {
    "app_id": "wx2c2769f8efd9abc2",
    "app_secret": "wechat_app_secret",
    "template": {
        "id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
        "fields": {
            "character_string1": {"source": "work_order"},
            "thing2": {"source": "subject"},
            "thing3": {"source": "text"},
            "time4": {"source": "time"},
            "const5": {"value": "处理中"},
        },
    },
    "by_purpose": {"survey": {"id": "survey-template", "fields": {}, "url": "https://example.com/s"}},
}


@dataclass
class WeChat:
    """The vendor: gives out tokens that run out, takes each `client_msg_id` once, answers in between as it is told."""

    tokens: int = 0
    good: set[str] = field(default_factory=set)
    expires_in: int = 7_200
    delivered: list[dict[str, Any]] = field(default_factory=list)
    forced: int = 0
    token_replies: list[Reply] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    takes_before_trouble: bool = False

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/cgi-bin/stable_token":
            return self._token(asked.json())
        assert asked.path == "/cgi-bin/message/template/send"
        if asked.query["access_token"] not in self.good:
            return Reply(value={"errcode": 40001, "errmsg": "invalid credential, access_token is invalid"})
        message = asked.json()
        if self.replies:
            if self.takes_before_trouble:
                self._take(message)
            return self.replies.pop(0)
        self._take(message)
        return Reply(value={"errcode": 0, "errmsg": "ok", "msgid": 200228332 + len(self.delivered)})

    def _take(self, message: dict[str, Any]) -> None:
        if message["client_msg_id"] not in {one["client_msg_id"] for one in self.delivered}:
            self.delivered.append(message)

    def _token(self, asked: dict[str, Any]) -> Reply:
        assert asked["grant_type"] == "client_credential"
        if self.token_replies:
            return self.token_replies.pop(0)
        if asked["secret"] != "app-secret" or asked["appid"] != SETTINGS["app_id"]:
            return Reply(value={"errcode": 40125, "errmsg": "invalid appsecret"})
        if asked["force_refresh"] or not self.tokens:
            self.forced += asked["force_refresh"]
            self.tokens += 1
            self.good = {f"token-{self.tokens}"}
        return Reply(value={"access_token": f"token-{self.tokens}", "expires_in": self.expires_in})


def notice(number: int = 1, to: str = "oyORnuP8q7ou2gfYjqLzSIWZf0rs", purpose: Any = "accepted") -> Outbound:
    message = Message(
        f"n-{number}",
        to,
        "您的问题已受理（编号 XR20261123001）",
        "王女士，您好！\n您反映的空调不制冷的问题已经受理，我们会在 24 小时内联系您。",
        Sender("应答客服中心", "service@example.com"),
        "zh-CN",
    )
    return Outbound(message, purpose, "customer", 1, "XR20261123001")


def setup(config: Any, secret: str = "app-secret", channel: str = "wechat", wait: float = 5.0) -> TransportSetup:
    return TransportSetup(
        config=config,
        settings=Settings(),
        data=Path("unused"),
        now=lambda: NOW,
        secrets=lambda _: SecretStr(secret),
        channel=channel,
        wait_seconds=wait,
    )


@asynccontextmanager
async def account(
    wechat: WeChat, *, secret: str = "app-secret", wait: float = 5.0
) -> AsyncIterator[tuple[WechatTemplate, VendorServer]]:
    async with vendor_server(wechat.answer) as vendor:
        config = config_of(plugin, {**SETTINGS, "api": vendor.url, "trusted_hosts": ["127.0.0.1"]})
        transport = build(plugin, setup(config, secret, wait=wait))
        assert isinstance(transport, WechatTemplate)
        try:
            yield transport, vendor
        finally:
            await transport.close()


async def test_a_notice_stands_in_the_fields_of_the_template() -> None:
    wechat = WeChat()
    async with account(wechat) as (transport, vendor):
        assert await transport.send([notice()]) == [Sent("200228333")]
    (message,) = wechat.delivered
    assert message["touser"] == "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
    assert {name: field["value"] for name, field in message["data"].items()} == {
        "character_string1": "XR20261123001",
        "thing2": "您的问题已受理（编号 XR202611…",
        "thing3": "王女士，您好！ 您反映的空调不制冷的问…",
        "time4": "2026-11-23 10:15:00",
        "const5": "处理中",
    }
    assert len(vendor.asked) == 2


async def test_each_purpose_may_have_a_template_of_its_own() -> None:
    wechat = WeChat()
    async with account(wechat) as (transport, _):
        await transport.send([notice(purpose="survey")])
    assert (wechat.delivered[0]["template_id"], wechat.delivered[0]["url"]) == (
        "survey-template",
        "https://example.com/s",
    )


async def test_the_token_and_the_connection_are_kept() -> None:
    wechat = WeChat()
    async with account(wechat) as (transport, vendor):
        assert [type(one) for one in await transport.send([notice(n) for n in range(4)])] == [Sent] * 4
        assert [one.path for one in vendor.asked].count("/cgi-bin/stable_token") == 1
        assert vendor.connections == 1


async def test_the_token_is_fetched_again_before_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(wechat_token, "now", lambda: clock[0])
    wechat = WeChat()
    async with account(wechat) as (transport, vendor):
        await transport.send([notice(1)])
        clock[0] = 6_899.0
        await transport.send([notice(2)])
        assert len(vendor.asked) == 3
        clock[0] = 6_901.0
        await transport.send([notice(3)])
        assert [one.path for one in vendor.asked].count("/cgi-bin/stable_token") == 2


async def test_a_token_that_another_process_has_ended_is_replaced_and_nothing_is_lost() -> None:
    wechat = WeChat()
    async with account(wechat) as (transport, _):
        await transport.send([notice(1)])
        wechat.tokens, wechat.good = 2, {"token-2"}
        assert isinstance((await transport.send([notice(2)]))[0], Sent)
        assert (wechat.forced, len(wechat.delivered)) == (0, 2)


async def test_a_token_that_is_refused_again_is_made_anew_but_not_time_and_again() -> None:
    """The account has twenty tokens by force a day."""
    wechat = WeChat()
    async with account(wechat) as (transport, _):
        await transport.send([notice(1)])
        wechat.good = set()
        assert isinstance((await transport.send([notice(2)]))[0], Sent)
        assert wechat.forced == 1
        wechat.good = set()
        assert isinstance((await transport.send([notice(3)]))[0], Retry)
        assert wechat.forced == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(value={"errcode": -1, "errmsg": "system error"}),
        Reply(value={"errcode": 40164, "errmsg": "invalid ip 1.2.3.4, not in whitelist"}),
        Reply(503),
        Reply(200, b"no json"),
        Reply(value={"access_token": "", "expires_in": 7200}),
        Reply(trouble="cut"),
    ],
    ids=str,
)
async def test_without_a_token_all_is_tried_later(reply: Reply) -> None:
    wechat = WeChat(token_replies=[reply])
    async with account(wechat) as (transport, vendor):
        outcomes = await transport.send([notice(1), notice(2)])
        assert [type(one) for one in outcomes] == [Retry, Retry]
        assert len(vendor.asked) == 1
        assert isinstance((await transport.send([notice(1)]))[0], Sent)


@pytest.mark.slow
async def test_a_batch_ends_in_time_and_what_has_left_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-NT-04: whoever asked waits no longer, and would take even what has left for unknown."""
    monkeypatch.setattr(in_time, "BATCH_SECONDS", 2.9)
    monkeypatch.setattr(in_time, "END_SECONDS", 3.0)
    wechat = WeChat()
    async with account(wechat, wait=60) as (transport, _):
        assert isinstance((await transport.send([notice(1)]))[0], Sent)
        wechat.replies = [Reply(value={"errcode": 0, "msgid": 7}), Reply(trouble="hang")]
        outcomes = await transport.send([notice(number) for number in range(2, 6)])
    assert [type(one) for one in outcomes] == [Sent, Unknown, Retry, Retry]


async def test_a_wrong_secret_is_told_by_its_code() -> None:
    async with account(WeChat(), secret="wrong") as (transport, _):
        assert await transport.send([notice()]) == [Retry("no access token: refused with 40125")]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (-1, Retry("refused with -1")),
        (45009, Retry("refused with 45009")),
        (45011, Retry("refused with 45011")),
        (43004, Rejected("refused with 43004", address=True)),
        (43101, Rejected("refused with 43101", address=True)),
        (40003, Rejected("refused with 40003", address=True)),
        (40037, Rejected("refused with 40037")),
        (47003, Rejected("refused with 47003")),
        (99999, Rejected("refused with 99999")),
    ],
)
async def test_each_class_of_errors(code: int, outcome: Any) -> None:
    """Who does not follow the account gets nothing by it any more (R-NT-07); a quota passes by itself."""
    wechat = WeChat(replies=[Reply(value={"errcode": code, "errmsg": "…"})])
    async with account(wechat) as (transport, _):
        first, second = await transport.send([notice(1), notice(2)])
        assert first == outcome
        assert isinstance(second, Sent)


@pytest.mark.parametrize("trouble", ["cut", "half", "garbage"])
@pytest.mark.parametrize("taken", [True, False])
async def test_no_answer_is_asked_once_more_and_the_customer_reads_it_once(trouble: Any, taken: bool) -> None:
    """The vendor drops what has the same `client_msg_id` (R-NT-04)."""
    wechat = WeChat(replies=[Reply(trouble=trouble)], takes_before_trouble=taken)
    async with account(wechat) as (transport, _):
        assert isinstance((await transport.send([notice()]))[0], Sent)
    assert len(wechat.delivered) == 1


@pytest.mark.parametrize(
    "second", [Reply(trouble="cut"), Reply(500), Reply(value={"errcode": 43999}), Reply(200, b"?")], ids=str
)
async def test_what_is_not_answered_twice_is_unknown(second: Reply) -> None:
    """A code that nobody knows may mean that it has the message already."""
    wechat = WeChat(replies=[Reply(502), second])
    async with account(wechat) as (transport, vendor):
        assert isinstance((await transport.send([notice()]))[0], Unknown)
        assert len(vendor.asked) == 3


async def test_what_would_have_been_refused_at_first_is_refused_at_second() -> None:
    wechat = WeChat(replies=[Reply(502), Reply(value={"errcode": 43004})])
    async with account(wechat) as (transport, _):
        assert await transport.send([notice()]) == [Rejected("refused with 43004", address=True)]


@pytest.mark.slow
async def test_a_vendor_that_says_nothing_is_given_up_in_time() -> None:
    wechat = WeChat(replies=[Reply(trouble="hang"), Reply(trouble="hang")])
    async with account(wechat, wait=1.5) as (transport, _):
        assert isinstance((await transport.send([notice()]))[0], Unknown)


async def test_a_vendor_that_cannot_be_reached_has_taken_nothing() -> None:
    async with account(WeChat()) as (transport, _):
        await transport.send([notice(1)])
    assert isinstance((await transport.send([notice(2)]))[0], Retry)


async def test_secrets_tokens_and_openids_stand_in_no_outcome_and_no_log() -> None:
    wechat = WeChat(replies=[Reply(value={"errcode": 47003, "errmsg": "oyORnuP8q7"}), Reply(trouble="cut"), Reply(500)])
    with capture_logs() as logs:
        async with account(wechat) as (transport, _):
            told = f"{await transport.send([notice(1), notice(2)])} {logs}"
    assert not any(part in told for part in ("app-secret", "token-1", "oyORnuP8q7"))


def test_it_carries_wechat_only_and_says_what_is_wrong_with_its_settings() -> None:
    config = config_of(plugin, SETTINGS)
    with pytest.raises(PluginError, match="nothing else"):
        build(plugin, setup(config, channel="sms"))
    with pytest.raises(PluginError, match="time zone"):
        build(plugin, setup(config_of(plugin, {**SETTINGS, "timezone": "Mars/Olympus"})))
    with pytest.raises(ConfigError, match=r"template\.fields\.thing1\.source"):
        config_of(plugin, {**SETTINGS, "template": {"id": "x", "fields": {"thing1": {"source": "secret"}}}})
    with pytest.raises(ConfigError, match=r"trusted_hosts.*neither a host nor a network"):
        config_of(plugin, {**SETTINGS, "trusted_hosts": ["10.0.0.0/99"]})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("thing", "一" * 21, "一" * 19 + "…"),
        ("thing", " 两\n行 ", "两 行"),
        ("phrase", "处理 ing 完毕了吧啦", "处理完毕了"),
        ("character_string", "编号XR-1", "XR-1"),
        ("character_string", "x" * 40, "x" * 32),
        ("keyword", "x" * 201, "x" * 199 + "…"),
    ],
)
def test_a_field_holds_what_its_kind_allows(kind: str, text: str, value: str) -> None:
    assert fitted(kind, text) == value


@given(kind=st.sampled_from(["thing", "phrase", "character_string", "keyword", "name"]), text=st.text(max_size=300))
def test_no_field_is_too_long_or_in_two_lines(kind: str, text: str) -> None:
    value = fitted(kind, text)
    assert len(value) <= {"thing": 20, "phrase": 5, "character_string": 32, "keyword": 200, "name": 10}[kind]
    assert "\n" not in value


def test_no_field_is_empty() -> None:
    """The vendor refuses an empty one with 47003."""
    assert (kind_of("character_string12"), kind_of("first")) == ("character_string", "first")
    assert value_of("phrase1", FieldOf(source="work_order"), notice(), NOW) == "-"
    assert value_of("thing1", FieldOf(source="purpose"), notice(), NOW) == "accepted"
