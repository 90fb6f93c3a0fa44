"""An HTTP server that stands in for a vendor's: it answers as told, too late, with half an answer or not at all."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from shared.testing.embedded_ports import LOOPBACK
from tests.pace import lasts
from tests.privilege.certificates import authority, vouched


@dataclass(frozen=True)
class Asked:
    """One request as it came; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        return json.loads(self.body)


Trouble = Literal["cut", "hang", "half", "drip", "garbage"]
"""cut: closes without an answer; hang: says nothing; half: stops in the middle of the body; drip: one byte now and then."""


@dataclass(frozen=True)
class Reply:
    """What is answered: a status and a value (bytes as they are, else as JSON), or a trouble."""

    status: int = 200
    value: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None
    close: bool = False
    """Closes the connection after the answer, without having said so."""

    def wire(self) -> bytes:
        body = self.value if isinstance(self.value, bytes) else json.dumps(self.value, ensure_ascii=False).encode()
        named = {"Content-Length": str(len(body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return f"HTTP/1.1 {self.status} Told\r\n{head}\r\n".encode() + body


@dataclass
class VendorServer:
    """A listening server; each request is kept in `asked`, and answered by `answer`."""

    answer: Callable[[Asked], Reply]
    port: int = 0
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    closed: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        while head := await reader.readuntil(b"\r\n\r\n"):
            line, *rest = head.decode("latin-1").strip().split("\r\n")
            method, target, _ = line.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            one = Asked(method, target, headers, body, number)
            self.asked.append(one)
            if not await self._reply(writer, self.answer(one)):
                return

    async def _reply(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        """Answer; return whether the connection goes on."""
        wire = reply.wire()
        match reply.trouble:
            case None:
                writer.write(wire)
            case "hang":
                await asyncio.Event().wait()  # until the test is over
            case "half":
                writer.write(wire[:-1])
            case "garbage":
                writer.write(b"\x00\x01 this is no HTTP\r\n\r\n")
            case "drip":
                for byte in wire:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await lasts(0.05)
            case "cut":
                pass
        await writer.drain()
        return reply.trouble is None and not reply.close


def replies(*told: Reply) -> Callable[[Asked], Reply]:
    """Return what answers by turns, and afterwards by an empty object."""
    waiting = list(told)
    return lambda _asked: waiting.pop(0) if waiting else Reply()


@asynccontextmanager
async def vendor_server(
    answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None
) -> AsyncIterator[VendorServer]:
    """Yield a server on a free port; nothing of it is left afterwards."""
    state = VendorServer(answer, scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            await state.serve(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
        state.closed += 1

    server = await asyncio.start_server(accept, LOOPBACK, 0, ssl=tls, ssl_shutdown_timeout=0.5 if tls else None)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Trust:
    """A server's side of TLS, and the file of who vouches for it."""

    server: ssl.SSLContext
    ca: Path


def trust(folder: Path, *names: str) -> Trust:
    """Return TLS for a server with `names`, by default the loopback address, vouched for by a house of its own."""
    house = authority("a house of the tests")
    certificate, key = vouched(house, *(names or (LOOPBACK,))).write(folder, "vendor")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return Trust(context, house.write(folder, "house")[0])
