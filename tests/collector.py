"""A collector of traces: takes OTLP over HTTP as a real one does, and can be slow, broken or away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.polling import until

SECONDS = 60.0


@dataclass(frozen=True)
class Received:
    """One span as it arrived."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    start: int
    end: int
    state: str
    links: tuple[str, ...]
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Collector:
    """What has arrived so far; `status` is what it answers, and while `hold` is clear it does not answer at all."""

    def __init__(self, port: int = 0) -> None:
        self.spans: list[Received] = []
        self.requests = 0
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.headers.append(dict(self.headers))
                status = collector.take(self.path, body)
                answer = ExportTraceServiceResponse().SerializeToString() if status == 200 else b"no"
                self.send_response(status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_args: Any) -> None:
                """A client that goes away before the answer is what some tests are about."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def take(self, path: str, body: bytes) -> int:
        self.requests += 1
        status = self.status  # as it is when the request comes, however long the answer is held back
        self.hold.wait()
        if status != 200:
            return status
        assert path == "/v1/traces"
        self.bodies.append(body)
        self.spans += read(body)
        return 200

    def of(self, trace: str) -> dict[str, Received]:
        """Return the spans of a trace by their ids; each has arrived once."""
        found = [one for one in self.spans if one.trace == trace]
        by_id = {one.span: one for one in found}
        assert len(by_id) == len(found), "a span arrived twice"
        return by_id

    async def until_it_has(self, trace: str, *names: str) -> dict[str, Received]:
        """Return the spans of `trace` as soon as those of `names` are among them."""
        found: dict[str, Received] = {}

        def there() -> bool:
            nonlocal found
            found = self.of(trace)
            return set(names) <= {one.name for one in found.values()}

        await until(there, SECONDS, said=f"spans {names}")
        return found

    async def until_connected(self, trace: str, *names: str) -> dict[str, Received]:
        """Return the spans of `trace` as soon as those of `names` are among them, and of all but one the parent.

        Each service sends its own, whenever it likes: a span may come before that of its cause.
        """
        found: dict[str, Received] = {}

        def there() -> bool:
            nonlocal found
            found = self.of(trace)
            roots = [one for one in found.values() if one.parent not in found]
            return len(roots) == 1 and set(names) <= {one.name for one in found.values()}

        await until(there, SECONDS, said=f"one tree of spans with {names}")
        return found

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


def read(body: bytes) -> list[Received]:
    """Return the spans of one request."""
    request = ExportTraceServiceRequest.FromString(body)
    found = []
    for of_resource in request.resource_spans:
        resource = _plain(of_resource.resource.attributes)
        for span in (span for scope in of_resource.scope_spans for span in scope.spans):
            links = tuple(f"{link.trace_id.hex()}-{link.span_id.hex()}" for link in span.links)
            found.append(
                Received(
                    resource["service.name"].removeprefix("yingda-"),
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    span.trace_state,
                    links,
                    _plain(span.attributes),
                    resource,
                )
            )
    return found


def _plain(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """Yield a collector on a port of its own."""
    running = Collector()
    try:
        yield running
    finally:
        running.close()
