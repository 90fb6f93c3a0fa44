"""What WeChat, WeCom and Weibo push, by a number, signed anew each time, for tests with a real gateway."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from shared.wechat import Cipher, signature

AES_KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN: Final = "token-of-the-vendor"
CHAT_SECRETS: Final = {"YINGDA_SECRET_CHAT_TOKEN": TOKEN, "YINGDA_SECRET_CHAT_AES_KEY": AES_KEY}
CHAT_ENDPOINTS: Final[Mapping[str, Any]] = {
    "wechat": {"accounts": {"shop": {"app_id": "wx1", "token": "chat_token", "aes_keys": ["chat_aes_key"]}}},
    "wecom": {"accounts": {"shop": {"corp_id": "ww1", "token": "chat_token", "aes_keys": ["chat_aes_key"]}}},
    "weibo": {"accounts": {"shop": {"app_secret": "chat_token"}}},
}
AT: Final = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
"""When what is pushed was written; the push itself is signed at the real time, as the vendors do."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One push: path with query, and body."""

    path: str
    body: bytes
    media_type: str


def message_xml(number: int, text: str, sender: str = "") -> str:
    """Return a text message as WeChat and WeCom write it."""
    return (
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{sender or f'oABC-{number}'}]]>"
        f"</FromUserName><CreateTime>{int(AT.timestamp()) + number}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{23_000_000_000 + number}</MsgId></xml>"
    )


def sealed(path: str, receiver: str, text: str) -> Pushed:
    """Return an encrypted push."""
    moment, nonce = str(int(time.time())), str(time.monotonic_ns())
    inner = Cipher(AES_KEY, receiver).encrypt(text)
    query = {"msg_signature": signature(TOKEN, moment, nonce, inner), "timestamp": moment, "nonce": nonce}
    body = f"<xml><ToUserName>{receiver}</ToUserName><Encrypt><![CDATA[{inner}]]></Encrypt></xml>"
    return Pushed(f"{path}?{urlencode(query)}", body.encode(), "text/xml")


def wechat_push(number: int, text: str = "空调不制冷") -> Pushed:
    """A message to the official account, in safe mode."""
    return sealed("/wechat/shop", "wx1", message_xml(number, text))


def wecom_push(number: int, text: str = "空调不制冷") -> Pushed:
    """A message to an application of the enterprise."""
    return sealed("/wecom/shop", "ww1", message_xml(number, text))


def weibo_push(number: int, text: str = "空调不制冷") -> Pushed:
    """A direct message on Weibo."""
    moment, nonce = str(int(time.time())), str(time.monotonic_ns())
    push = {
        "type": "text",
        "receiver_id": 1902538057,
        "sender_id": 2_489_000_000 + number,
        "created_at": f"{AT:%a %b %d %H:%M:%S +0000 %Y}",
        "text": text,
        "data": {},
    }
    query = {"signature": signature(TOKEN, moment, nonce), "timestamp": moment, "nonce": nonce}
    body = json.dumps(push, ensure_ascii=False).encode()
    return Pushed(f"/weibo/shop?{urlencode(query)}", body, "application/json")


CHAT_POSTS: Final[Mapping[str, Callable[[int], Pushed]]] = {
    "wechat": wechat_push,
    "wecom": wecom_push,
    "weibo": weibo_push,
}
CHAT_SOURCES: Final = {"wechat": "wechat/shop", "wecom": "wecom/shop", "weibo": "weibo/shop"}
