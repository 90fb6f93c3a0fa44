"""A gateway for tests: its policy with an endpoint of every kind, its secrets, and the senders of each."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from nats.aio.client import Client
from nats.js import JetStreamContext

from shared.adapters.signatures import sign
from shared.bus.streams import CONTACTS
from shared.testing.embedded_ports import free_port
from shared.testing.service_process import adapter_process, policy_with
from tests.chats import CHAT_ENDPOINTS, CHAT_POSTS, CHAT_SECRETS, Pushed

KEY = "a key of sixteen characters"
TOKEN = "token-of-the-vendor"
SECRETS = {"YINGDA_SECRET_ERP_KEY": KEY, "YINGDA_SECRET_VENDOR_TOKEN": TOKEN, **CHAT_SECRETS}
AT = "2026-11-23T10:15:00+08:00"
ORIGIN = "https://shop.example.com"
ENDPOINTS: Mapping[str, Any] = {
    "web_form": {"origins": [ORIGIN], "consent": "agree"},
    "web_chat": {"idle_seconds": 60, "origins": [ORIGIN]},
    "webhook": {"senders": {"erp": {"channel": "app", "keys": ["erp_key"]}}},
    "sms": {"keys": ["erp_key"], "aliyun_token": "vendor_token", "tencent_token": "vendor_token"},
    "sms_receipts": {"keys": ["erp_key"], "aliyun_token": "vendor_token", "tencent_token": "vendor_token"},
    "phone_records": {"keys": ["erp_key"]},
    **CHAT_ENDPOINTS,
}
NO_LIMIT = {"per_sender": 10_000_000, "total": 10_000_000}


@dataclass(frozen=True, slots=True)
class Post:
    """One request of a sender, the same each time but for its signature."""

    path: str
    body: bytes
    headers: Mapping[str, str]
    signed: bool = False

    def all_headers(self, at: float | None = None) -> dict[str, str]:
        signature = sign(KEY.encode(), self.body, time.time() if at is None else at) if self.signed else {}
        return {"content-type": "application/json", **self.headers, **signature}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def form(number: int, **fields: Any) -> Post:
    """A form of the website, as its script posts it."""
    body = {"text": f"空调 {number} 不制冷", "name": "王芳", "phone": f"138{number:08}", "agree": True, **fields}
    return Post("/web_form", _json(body), {"idempotency-key": f"form-{number}", "origin": ORIGIN})


def webhook(number: int) -> Post:
    """Two contacts of another system at once."""
    data = {"occurred_at": AT, "text": f"订单 {number} 未到", "customer": {"phone": f"139{number:08}"}}
    return Post(
        "/webhook/erp", _json([{"id": f"a-{number}", "data": data}, {"id": f"b-{number}", "data": data}]), {}, True
    )


def sms(number: int) -> Post:
    """A message in our own form."""
    body = {"id": f"mo-{number}", "phone": f"137{number:08}", "text": "要求退货", "received_at": AT}
    return Post("/sms", _json(body), {}, True)


def aliyun(number: int) -> Post:
    """A push of Aliyun as its page shows it."""
    one = {
        "phone_number": f"136{number:08}",
        "content": "内容",
        "send_time": "2026-11-23 10:15:00",
        "dest_code": "1234",
        "sequence_id": str(number),
    }
    return Post(f"/sms/aliyun/{TOKEN}", _json([one]), {})


def tencent(number: int) -> Post:
    """A push of Tencent Cloud as its page shows it."""
    body = {
        "extend": "",
        "mobile": f"135{number:08}",
        "nationcode": "86",
        "sign": "签名",
        "text": "用户回复的内容",
        "time": 1_795_400_000 + number,
    }
    return Post(f"/sms/tencent/{TOKEN}", _json(body), {})


def call(number: int) -> Post:
    """A call that nobody answered."""
    body = {
        "call_id": f"call-{number}",
        "began_at": AT,
        "ended_at": "2026-11-23T10:15:20+08:00",
        "caller": f"134{number:08}",
    }
    return Post("/phone_records", _json(body), {}, True)


def _chat(make: Callable[[int], Pushed]) -> Callable[[int], Post]:
    def post(number: int) -> Post:
        pushed = make(number)
        return Post(pushed.path, pushed.body, {"content-type": pushed.media_type})

    return post


POSTS = {
    "web_form": form,
    "webhook": webhook,
    "sms": sms,
    "aliyun": aliyun,
    "tencent": tencent,
    "phone_records": call,
    **{kind: _chat(make) for kind, make in CHAT_POSTS.items()},
}
"""What each kind of sender posts, by a number."""


class Gateway:
    """How the gateway is started, on the same port each time."""

    def __init__(self, nats_url: str, directory: Path, **config: Any) -> None:
        self._nats_url = nats_url
        self._directory = directory
        config.setdefault("rates", NO_LIMIT)
        self.policy = policy_with(directory / "policy.yaml", endpoints=dict(ENDPOINTS), adapters={"gateway": config})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.metrics_url = ""

    @asynccontextmanager
    async def run(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Yield a running gateway; it is killed afterwards."""
        place = {"YINGDA_GATEWAY_PORT": str(self.port), **SECRETS}
        async with adapter_process(
            "gateway", self._nats_url, self.policy, self._directory / "data", **place
        ) as started:
            process, told = started
            assert told["web"] == self.url
            self.metrics_url = told["metrics"]
            yield process


async def send(http: httpx.AsyncClient, post: Post, at: float | None = None) -> httpx.Response:
    """Post once."""
    return await http.post(post.path, content=post.body, headers=post.all_headers(at))


async def published(client: Client) -> list[dict[str, Any]]:
    """Return the envelopes on the stream, in order."""
    state = (await JetStreamContext(client).stream_info(CONTACTS.name)).state
    numbers = range(state.first_seq, state.last_seq + 1) if state.messages else range(0)
    held = [await JetStreamContext(client).get_msg(CONTACTS.name, number) for number in numbers]
    return [json.loads(message.data or b"") for message in held]
