"""A small HTTP server that takes what is posted to it: a customers' gateway that fails, or the chat that pages go to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any

from shared.testing.embedded_ports import LOOPBACK


@dataclass(slots=True)
class Gateway:
    """Where it listens, and the bodies that it was given."""

    url: str = ""
    posted: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def gateway(*statuses: int) -> Iterator[Gateway]:
    """Yield a gateway that answers with `statuses` in turn, over and over."""
    state, answers, one_by_one = Gateway(), cycle(statuses), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with one_by_one:
                state.posted.append(body)
                status = next(answers)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    state.url = f"http://{LOOPBACK}:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
