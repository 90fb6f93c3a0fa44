"""The HTTP side of a service: served, guarded, drained."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared import web as web_module
from shared.service import Web
from shared.web import LARGEST_HEAD_BYTES, WebAddressError, WebServer, WithHeaders, page_headers
from tests.web_client import get


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


@asynccontextmanager
async def serving(app: Starlette | WithHeaders, host: str = "127.0.0.1") -> AsyncIterator[WebServer]:
    server = WebServer(Web(app, host))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.mark.slow
async def test_it_serves_until_it_is_stopped_and_frees_its_port() -> None:
    app = Starlette(routes=[Route("/", hello)])
    async with serving(app) as server:
        url, port = f"{server.url}/", int(server.url.rpartition(":")[2])
        assert (await get(url)).text == "hello"
        second = WebServer(Web(app, "127.0.0.1", port))
        with pytest.raises(WebAddressError, match=rf"127\.0\.0\.1:{port}: Address already in use$"):
            await second.start()
    with pytest.raises(OSError, match="refused"):
        await get(url)
    again = WebServer(Web(app, "127.0.0.1", port))
    await again.start()
    await again.stop()


async def test_requests_in_hand_are_answered_before_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> Response:
        arrived.set()
        await go_on.wait()
        return PlainTextResponse("done")

    async with serving(Starlette(routes=[Route("/", slow)])) as server:
        reply = asyncio.create_task(get(f"{server.url}/"))
        shutdown = server._server.shutdown

        async def begun(sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().call_soon(go_on.set)  # its turn comes when the shutdown waits
            await shutdown(sockets)

        monkeypatch.setattr(server._server, "shutdown", begun)
        await arrived.wait()
        await server.stop()
        assert (await reply).text == "done"


async def test_every_answer_carries_the_headers_also_that_of_an_unknown_path() -> None:
    guarded = WithHeaders(Starlette(routes=[Route("/", hello)]), page_headers("default-src 'none'", https=True))
    async with serving(guarded) as server:
        for path in ("/", "/nowhere"):
            held = (await get(f"{server.url}{path}")).headers
            assert held["content-security-policy"] == "default-src 'none'"
            assert held["referrer-policy"] == "no-referrer"
            assert "strict-transport-security" in held
            assert "server" not in held
    assert "strict-transport-security" not in page_headers("default-src 'none'", https=False)


async def test_an_endless_head_is_cut_off() -> None:
    async with serving(Starlette(routes=[Route("/", hello)])) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx-junk: ")
        writer.write(b"x" * (LARGEST_HEAD_BYTES + 1))
        await writer.drain()
        assert (await reader.read(12)) == b"HTTP/1.1 400"
        writer.close()


@pytest.mark.slow
async def test_a_request_that_never_ends_gives_its_place_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_module, "CONNECTION_SECONDS", 0.2)
    async with serving(Starlette(routes=[Route("/", hello)])) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nhost:")
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_an_address_of_the_sixth_version_is_written_as_one() -> None:
    async with serving(Starlette(routes=[Route("/", hello)]), "::1") as server:
        assert server.url.startswith("http://[::1]:")
