"""An Asterisk for tests: its REST interface on a real socket, as far as the adapter uses it, and calls that go through it.

Events have the fields of Asterisk 20's own models. What happens while nobody listens is not repeated, as there.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from shared.testing.embedded_ports import LOOPBACK, free_port

USER, PASSWORD = "yingda", "a secret of the switchboard"
TRUNK = "from-trunk"


def written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def channel(name: str, *, number: str = "", context: str = TRUNK, exten: str = "4008000000") -> dict[str, Any]:
    """A channel of the switchboard; `name` is its id, and its technology's name for an agent's telephone."""
    extension = name.removeprefix("agent-").partition(".")[0]
    return {
        "id": name,
        "name": f"PJSIP/{extension}-0000a7e3" if name.startswith("agent-") else f"PJSIP/trunk-{name}",
        "state": "Ring",
        "caller": {"name": "", "number": number},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {"context": context, "exten": exten, "priority": 1, "app_name": "", "app_data": ""},
        "creationtime": written(datetime.now(UTC)),
        "language": "en",
    }


class Asterisk:
    """The switchboard: `ring`, `answer`, `hang_up` … do what telephones do, and tell whoever listens."""

    def __init__(self) -> None:
        self.channels: dict[str, dict[str, Any]] = {}
        self.bridges: dict[str, dict[str, Any]] = {}
        self.listeners: set[ServerConnection] = set()
        self.heard = asyncio.Condition()
        self.password = PASSWORD
        self.port = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.port = self.port or free_port()  # one that nobody gets for a connection while this is stopped
        self._server = await serve(self._listen, LOOPBACK, self.port, process_request=self._answer)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def listener(self) -> None:
        """Return when somebody listens."""
        async with asyncio.timeout(90), self.heard:  # the adapter's pauses grow to 30 s
            await self.heard.wait_for(lambda: bool(self.listeners))

    def ring(self, name: str, number: str, **fields: str) -> None:
        self.channels[name] = channel(name, number=number, **fields)
        self._tell("ChannelCreated", channel=self.channels[name])

    def dial(self, name: str, agent: str, status: str) -> None:
        self.channels.setdefault(agent, channel(agent, context="agents", number=agent.removeprefix("agent-")))
        self._tell("Dial", caller=self.channels[name], peer=self.channels[agent], dialstatus=status, dialstring=agent)

    def answer(self, name: str, agent: str, *, dial: bool = True) -> None:
        """Let `agent` answer: by a dialled telephone, or by what joins two channels without dialling."""
        if dial:
            self.dial(name, agent, "RINGING")
            self.dial(name, agent, "ANSWER")
        else:
            self.channels[agent] = channel(agent, context="agents")
        bridge = self.bridges[f"bridge-{name}"] = {
            "id": f"bridge-{name}",
            "technology": "simple_bridge",
            "channels": [],
        }
        for one in (name, agent):
            bridge["channels"].append(one)
            self._tell("ChannelEnteredBridge", bridge=dict(bridge), channel=self.channels[one])

    def hold(self, agent: str) -> None:
        self._tell("ChannelHold", channel=self.channels[agent], musicclass="default")

    def take_up(self, agent: str) -> None:
        self._tell("ChannelUnhold", channel=self.channels[agent])

    def hang_up(self, name: str) -> None:
        self.bridges.pop(f"bridge-{name}", None)
        self._tell("ChannelDestroyed", channel=self.channels.pop(name), cause=16, cause_txt="Normal Clearing")

    def drop(self) -> None:
        """Cut everybody's connection, as a network does."""
        for listener in self.listeners:
            listener.transport.abort()

    def _tell(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, "timestamp": written(datetime.now(UTC)), "application": "yingda", **fields}
        broadcast(self.listeners, json.dumps(event | {"asterisk_id": "00:15:5d:01:02:03"}))

    async def _listen(self, connection: ServerConnection) -> None:
        async with self.heard:
            self.listeners.add(connection)
            self.heard.notify_all()
        with suppress(Exception):
            await connection.wait_closed()
        self.listeners.discard(connection)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        right = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {right}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "Authentication required\n")
        path = request.path.partition("?")[0]
        if path == "/ari/events":
            return None
        rows = {"/ari/channels": self.channels, "/ari/bridges": self.bridges}.get(path)
        if rows is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "")
        body = json.dumps(list(rows.values())).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
        return Response(200, "OK", headers, body)


@asynccontextmanager
async def running_asterisk() -> AsyncIterator[Asterisk]:
    asterisk = Asterisk()
    await asterisk.start()
    try:
        yield asterisk
    finally:
        await asterisk.stop()
