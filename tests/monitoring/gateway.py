"""A small HTTP server that takes what is posted to it: a customers' gateway that fails, or the chat that pages go to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from shared.testing.embedded_ports import LOOPBACK
from tests.http_server import Quiet, serving


@dataclass(slots=True)
class Gateway:
    """Where it listens, and the bodies that it was given."""

    url: str = ""
    posted: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def gateway(*statuses: int) -> Iterator[Gateway]:
    """Yield a gateway that answers with `statuses` in turn, over and over."""
    state, answers, one_by_one = Gateway(), cycle(statuses), threading.Lock()

    class Handler(Quiet):
        def posted(self, body: bytes) -> None:
            with one_by_one:
                state.posted.append(json.loads(body))
                status = next(answers)
            self.answer(status, b"{}")

    with serving(Handler) as port:
        state.url = f"http://{LOOPBACK}:{port}/"
        yield state
