"""Serves the HTTP side of a service (`shared.service.Web`) in its event loop, guarded against what strangers send."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import h11
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.service import Web

LARGEST_HEAD_BYTES: Final = 16_384
MOST_CONNECTIONS: Final = 200
CONNECTION_SECONDS: Final = 30.0
"""A connection lives no longer; one that sends its request a byte at a time holds its place only for so long."""
IDLE_SECONDS: Final = 5
DRAIN_SECONDS: Final = 5
"""How long requests in hand may take when the service stops."""


class WebAddressError(OSError):
    """The address on which a service shall serve HTTP cannot be used."""


class WebServer:
    """One HTTP server; nothing that a request holds comes into a log.

    WebSockets are served where `largest_frame` says how many bytes one message of them may have.
    """

    def __init__(self, web: Web, *, connections: int = MOST_CONNECTIONS, largest_frame: int | None = None) -> None:
        self._web = web
        self._socket: socket.socket | None = None
        self._server = _Server(
            uvicorn.Config(
                web.app,
                http=_Protocol,
                ws="none" if largest_frame is None else "websockets-sansio",
                ws_max_size=largest_frame or 0,
                ws_per_message_deflate=False,  # a small message may unpack to a large one
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,  # a path may be a secret, as a survey's token is
                proxy_headers=False,
                server_header=False,
                limit_concurrency=connections,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                h11_max_incomplete_event_size=LARGEST_HEAD_BYTES,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from now on; `WebAddressError` where the address cannot be used."""
        family = socket.AF_INET6 if ":" in self._web.host else socket.AF_INET
        try:
            self._socket = socket.create_server((self._web.host, self._web.port), family=family)
        except OSError as error:
            reason = str(error.strerror).partition(" (while")[0]  # Python says the address again there
            raise WebAddressError(f"cannot serve HTTP on {self._web.host}:{self._web.port}: {reason}") from error
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="web")
        started = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._task.done():
            self._socket.close()
            self._task.result()

    @property
    def url(self) -> str:
        """Where it serves, without a slash at the end; only between `start` and `stop`."""
        if self._socket is None:
            raise WebAddressError("this server has not been started")
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Take no further connection and return when the requests in hand are answered; the port is free then."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    """Leaves signals to the runner, and tells when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as ever."""
        await super().startup(sockets=sockets)
        self.ready.set()


class _Protocol(H11Protocol):
    """Ends every connection after a while: politely between two requests, at once inside a half one."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to count."""
        super().connection_made(transport)
        self._end = self.loop.call_later(CONNECTION_SECONDS, self.shutdown)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Let it live on: a conversation lasts as long as it lasts, and pings find out who is gone."""
        if self._end is not None:
            self._end.cancel()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)


class WithHeaders:
    """An application whose every answer carries `headers`, unless it says otherwise itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = dict(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                held = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    held.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def page_headers(content_security: str, *, https: bool) -> dict[str, str]:
    """Return the headers of a page for people: read by nobody else, kept by nobody, framed by nobody."""
    headers = {
        "cache-control": "no-store",
        "content-security-policy": content_security,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
    }
    return headers | ({"strict-transport-security": "max-age=31536000"} if https else {})
