"""A provider's stand-in over HTTP, on this machine: it takes, refuses, falls silent or is away, as a test wants."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal

from shared.testing.embedded_ports import LOOPBACK

Mood = Literal["takes", "refuses", "later", "talks nonsense", "hangs up", "is silent", "is away"]
"""How a provider is today. It hangs up, or is silent, after it was handed a message: nobody knows what became of it."""

Answer = tuple[int, bytes]
"""A status and a body."""

_SILENT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of the stand-in."""

    method: str
    path: str
    headers: dict[str, str]
    """Their names in lower case."""
    body: bytes


@dataclass(slots=True)
class Provider:
    """A provider that listens at `url`, with what it was asked so far, in order."""

    url: str
    requests: list[Request] = field(default_factory=list)


@contextmanager
def http_provider(mood: Mood, answers: dict[Mood, Answer]) -> Iterator[Provider]:
    """Yield a provider in that mood; `answers` says how it takes, refuses, puts off and talks nonsense."""
    over = threading.Event()
    server = ThreadingHTTPServer((LOOPBACK, 0), BaseHTTPRequestHandler)
    provider = Provider(f"http://{LOOPBACK}:{server.server_address[1]}")
    if mood == "is away":
        server.server_close()
        yield provider
        return
    server.RequestHandlerClass = _handler(provider, mood, answers, over)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(
    provider: Provider, mood: Mood, answers: dict[Mood, Answer], over: threading.Event
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            """Take one request; who hangs up first is nothing to tell of."""
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def _asked(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            provider.requests.append(Request(self.command, self.path, headers, body))
            if mood in {"hangs up", "is silent"}:
                if mood == "is silent":
                    over.wait(_SILENT_SECONDS)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, answer = answers[mood]
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _asked  # noqa: N815 (the names that http.server calls)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
