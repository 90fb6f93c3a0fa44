"""What WeChat, WeCom, Weibo, DingTalk and Feishu need keeps what every channel, endpoint and transport promises."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from services.intake.adapters.wechat import endpoint as wechat_endpoint
from services.intake.adapters.wecom import endpoint as wecom_endpoint
from services.intake.adapters.weibo import endpoint as weibo_endpoint
from services.intake.plugins import wechat, wecom, weibo
from services.notify.plugins import dingtalk_bot, feishu_bot, wechat_template, wecom_bot
from shared.testing.contracts import ChannelContract, EndpointContract, HttpTransportContract, Mood, Standing
from shared.testing.contracts.endpoint import Call
from shared.testing.contracts.stand_in import Answer, Request
from shared.wechat import Cipher, signature
from tests.http_server import Quiet, serving

OPENID: Final = "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN: Final = "token-of-the-account"
SEND: Final = "/cgi-bin/message/template/send"
TRUST: Final = {"trusted_hosts": ["127.0.0.1"]}
LONG: Final = 3_600
"""Seconds for which what is signed is taken, before its time and after it."""
TEXT: Final = (
    f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>1348831860</CreateTime>"
    "<MsgType>text</MsgType><Content><![CDATA[空调坏了]]></Content><MsgId>1234567890123456</MsgId></xml>"
)
EVENT: Final = (
    f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>1348831860</CreateTime>"
    "<MsgType>event</MsgType><Event>subscribe</Event></xml>"
)
DIRECT: Final[dict[str, Any]] = {
    "type": "text",
    "receiver_id": 1902538057,
    "sender_id": 2489518277,
    "created_at": "Mon Jul 16 18:09:20 +0800 2012",
    "text": "空调坏了",
    "data": {},
}
KF: Final[dict[str, Any]] = {
    "msgid": "m-1",
    "open_kfid": "wk1",
    "external_userid": "wm1",
    "send_time": 1615478585,
    "origin": 3,
    "msgtype": "text",
    "text": {"content": "空调坏了"},
}


class TestWechat(ChannelContract):
    plugin = wechat.plugin
    samples = (({"xml": TEXT}, {"text": "空调坏了", "details.openid": OPENID, "details.reply_to": OPENID}),)
    unreadable = ({"xml": EVENT}, {"xml": "<xml>"}, {"xml": None})


class TestWecom(ChannelContract):
    plugin = wecom.plugin
    samples = (
        ({"xml": TEXT}, {"text": "空调坏了", "details.openid": OPENID}),
        ({"message": KF}, {"text": "空调坏了", "details.openid": "wm1"}),
    )
    unreadable = ({"xml": EVENT}, {"message": {**KF, "origin": 5}}, {"message": []})


class TestWeibo(ChannelContract):
    plugin = weibo.plugin
    samples = (({"push": DIRECT}, {"text": "空调坏了", "details.openid": "2489518277"}),)
    unreadable = ({"push": {**DIRECT, "type": "event"}}, {"push": 1})


def now(offset: int = 0) -> str:
    return str(int(time.time()) + offset)


def sealed(text: str, receiver: str, at: str, token: str = TOKEN) -> Call:
    """Return an encrypted push."""
    inner = Cipher(KEY, receiver).encrypt(text)
    query = {"msg_signature": signature(token, at, "n", inner), "timestamp": at, "nonce": "n"}
    return Call("POST", f"/main?{urlencode(query)}", f"<xml><Encrypt>{inner}</Encrypt></xml>".encode())


def plain(path: str, body: str, at: str, token: str = TOKEN, **more: str) -> Call:
    """Return a push that is not encrypted, or without a body the vendor's question."""
    query = {"signature": signature(token, at, "n"), "timestamp": at, "nonce": "n", **more}
    return Call("POST" if body else "GET", f"{path}?{urlencode(query)}", body.encode())


class TestWechatEndpoint(EndpointContract):
    plugin = wechat_endpoint.plugin
    config: ClassVar[Mapping[str, Any]] = {
        "accounts": {
            "main": {"app_id": "wx1", "token": "wechat_token", "aes_keys": ["wechat_key"]},
            "open": {"app_id": "wx1", "token": "wechat_token", "mode": "plain"},
        },
        "window_seconds": LONG,
    }
    secrets: ClassVar[Mapping[str, str]] = {"wechat_token": TOKEN, "wechat_key": KEY}

    def calls(self) -> tuple[tuple[Call, int], ...]:
        return (
            (sealed(TEXT, "wx1", now()), 1),
            (sealed(EVENT, "wx1", now()), 0),
            (plain("/open", TEXT, now()), 1),
            (plain("/open", EVENT, now()), 0),
            (plain("/main", "", now(), echostr="5927782489442352469"), 0),
        )

    def refusals(self) -> tuple[Call, ...]:
        return (
            sealed(TEXT, "wx2", now()),
            sealed(TEXT, "wx1", now(-4_000)),
            sealed(TEXT, "wx1", now(), token="another"),
            plain("/main", TEXT, now()),
            plain("/open", TEXT, now(4_000)),
            plain("/nobody", TEXT, now()),
            plain("/open", "<xml>", now()),
            Call("POST", "/open", TEXT.encode()),
        )


class TestWecomEndpoint(EndpointContract):
    plugin = wecom_endpoint.plugin
    config: ClassVar[Mapping[str, Any]] = {
        "accounts": {"main": {"corp_id": "ww1", "token": "wecom_token", "aes_keys": ["wecom_key"]}},
        "window_seconds": LONG,
    }
    secrets: ClassVar[Mapping[str, str]] = {"wecom_token": TOKEN, "wecom_key": KEY}

    def calls(self) -> tuple[tuple[Call, int], ...]:
        return ((sealed(TEXT, "ww1", now()), 1), (sealed(EVENT, "ww1", now()), 0))

    def refusals(self) -> tuple[Call, ...]:
        return (sealed(TEXT, "ww2", now()), plain("/main", TEXT, now()), Call("GET", "/main"))


class TestWeiboEndpoint(EndpointContract):
    plugin = weibo_endpoint.plugin
    config: ClassVar[Mapping[str, Any]] = {
        "accounts": {"main": {"app_secret": "weibo_secret", "uid": "1902538057"}},
        "window_seconds": LONG,
    }
    secrets: ClassVar[Mapping[str, str]] = {"weibo_secret": TOKEN}

    def calls(self) -> tuple[tuple[Call, int], ...]:
        return (
            (plain("/main", json.dumps(DIRECT), now()), 1),
            (plain("/main", json.dumps({**DIRECT, "type": "mention"}), now()), 0),
            (plain("/main", "", now(), echostr="x"), 0),
        )

    def refusals(self) -> tuple[Call, ...]:
        return (
            plain("/main", json.dumps({**DIRECT, "receiver_id": 7}), now()),
            plain("/main", "[]", now()),
            plain("/main", json.dumps(DIRECT), now(), token="another"),
        )


class TestWechatTemplate(HttpTransportContract):
    plugin = wechat_template.plugin
    channel = "wechat"
    to = OPENID
    config: ClassVar[Mapping[str, Any]] = {
        "app_id": "wx1",
        "app_secret": "wechat_secret",
        "template": {"id": "t", "fields": {"thing1": {"source": "subject"}}},
        **TRUST,
    }
    secrets: ClassVar[Mapping[str, str]] = {"wechat_secret": "secret-of-the-account"}
    takes: ClassVar[Answer] = (200, b'{"errcode": 0, "msgid": 1, "access_token": "t", "expires_in": 7200}')
    refuses: ClassVar[Answer] = (200, b'{"errcode": 47003, "access_token": "t", "expires_in": 7200}')
    later: ClassVar[Answer] = (200, b'{"errcode": 45009, "access_token": "t", "expires_in": 7200}')

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"api": url}

    def is_message(self, request: Request) -> bool:
        return request.path.startswith(SEND)

    @contextmanager
    def provider(self, mood: Mood) -> Iterator[Standing]:
        """Yield a vendor that gives a token first, whatever becomes of the message that it is handed."""
        if mood not in {"hangs up", "is silent"}:
            with super().provider(mood) as standing:
                yield standing
            return
        handed: list[str] = []
        over = threading.Event()

        class Vendor(Quiet):
            def posted(self, body: bytes) -> None:
                if not self.path.startswith(SEND):
                    return self.answer(200, TestWechatTemplate.takes[1])
                handed.append(self.path)
                if mood == "is silent":
                    over.wait(30)
                self.close_connection = True
                return None

        with serving(Vendor) as port:
            try:
                yield Standing(self.config_at(f"http://127.0.0.1:{port}"), lambda: len(handed))
            finally:
                over.set()


class BotContract(HttpTransportContract):
    """What the three bots share."""

    channel = "email"
    audience = "staff"
    bundles = True
    to = "market-1@example.com"

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"api": url}


class TestWecomBot(BotContract):
    plugin = wecom_bot.plugin
    config: ClassVar[Mapping[str, Any]] = {"key": "bot_key", **TRUST}
    secrets: ClassVar[Mapping[str, str]] = {"bot_key": "key-of-the-bot"}
    takes: ClassVar[Answer] = (200, b'{"errcode": 0, "errmsg": "ok"}')
    refuses: ClassVar[Answer] = (200, b'{"errcode": 93000, "errmsg": "invalid webhook url"}')
    later: ClassVar[Answer] = (200, b'{"errcode": 45009, "errmsg": "api freq out of limit"}')


class TestDingtalkBot(BotContract):
    plugin = dingtalk_bot.plugin
    config: ClassVar[Mapping[str, Any]] = {"access_token": "bot_token", "secret": "bot_secret", **TRUST}
    secrets: ClassVar[Mapping[str, str]] = {"bot_token": "token-of-the-bot", "bot_secret": "SEC-of-the-bot"}
    takes: ClassVar[Answer] = (200, b'{"errcode": 0, "errmsg": "ok"}')
    refuses: ClassVar[Answer] = (200, b'{"errcode": 310000, "errmsg": "sign not match"}')
    later: ClassVar[Answer] = (200, b'{"errcode": 130101, "errmsg": "send too fast"}')


class TestFeishuBot(BotContract):
    plugin = feishu_bot.plugin
    config: ClassVar[Mapping[str, Any]] = {"token": "bot_token", "secret": "bot_secret", **TRUST}
    secrets: ClassVar[Mapping[str, str]] = {"bot_token": "token-of-the-bot", "bot_secret": "key-of-the-bot"}
    takes: ClassVar[Answer] = (200, b'{"code": 0, "msg": "success"}')
    refuses: ClassVar[Answer] = (200, b'{"code": 19021, "msg": "sign match fail"}')
    later: ClassVar[Answer] = (200, b'{"code": 11232, "msg": "frequency limited"}')
