"""The small HTTP side of a service: `/metrics`, `/livez` and `/readyz`, served from a thread of its own."""

import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from shared.metrics import REGISTRY

STALLED_AFTER_SECONDS = 30.0
"""A service whose event loop has not turned for this long is not alive."""


class Health:
    """What the probes ask: whether the event loop turns, and what keeps the service from working."""

    def __init__(self) -> None:
        self._turned = time.monotonic()
        self._missing: tuple[str, ...] = ("starting",)

    def turned(self) -> None:
        """Note that the event loop turned just now."""
        self._turned = time.monotonic()

    def set_missing(self, *missing: str) -> None:
        """Say what keeps the service from working; nothing, if it is ready."""
        self._missing = missing

    @property
    def alive(self) -> bool:
        """Whether the event loop has turned lately."""
        return time.monotonic() - self._turned < STALLED_AFTER_SECONDS

    @property
    def missing(self) -> tuple[str, ...]:
        """What keeps the service from working."""
        return self._missing


class _Server(ThreadingMixIn, WSGIServer):
    """Answers each connection in a thread of its own: one that says nothing holds up nobody."""

    daemon_threads = True
    block_on_close = False


class _QuietHandler(WSGIRequestHandler):
    timeout = 5

    def log_message(self, *_args: Any) -> None:
        """Probes come every few seconds; nobody wants to read of them."""


class HealthAddressError(OSError):
    """The address on which a service shall serve its probes and metrics cannot be used."""


class HealthServer:
    """Serves the probes and metrics of one process until it is closed; `HealthAddressError` where it cannot."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._health = health
        self._metrics = make_wsgi_app(REGISTRY)
        try:
            self._server: WSGIServer = make_server(host, port, self._answer, _Server, _QuietHandler)
        except OSError as error:
            raise HealthAddressError(
                f"cannot serve metrics on {host}:{port}: {error.strerror or error} "
                "(YINGDA_METRICS_HOST, YINGDA_METRICS_PORT)"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the metrics are."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/metrics"

    def close(self) -> None:
        """Stop serving; the port is free afterwards."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        if path == "/livez":
            return _say(start_response, self._health.alive, "the event loop turns", "the event loop is stalled")
        if path == "/readyz":
            missing = self._health.missing
            return _say(start_response, not missing, "ready", f"not ready: {', '.join(missing)}")
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"there are /metrics, /livez and /readyz\n"]


def _say(start_response: Callable[..., Any], good: bool, yes: str, no: str) -> list[bytes]:
    start_response("200 OK" if good else "503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{yes if good else no}\n".encode()]
