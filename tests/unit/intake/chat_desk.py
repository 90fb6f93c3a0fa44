"""An endpoint of a chat vendor on a bus of the test, and what the vendor sends it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette

from shared.adapters import BusAway, Endpoint, HttpProblem, Running
from shared.adapters.setup import AdapterSetup
from shared.metrics import ADAPTER_REFUSED
from shared.plugins import Plugin, build, config_of
from shared.policy import load_policy
from shared.settings import Settings
from shared.testing.contracts.bus import NOW, Bus
from shared.wechat import Cipher, signature

KEY, OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TOKEN = "token-of-the-account"
SECRETS = {"token": TOKEN, "key": KEY, "other_key": OTHER_KEY, "kf_secret": "kf-secret"}


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
