"""The action `webhook` against a real HTTP server that answers in every way (R-SLA-10)."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from services.sla.plugins.webhook import plugin
from services.sla.ports import ActionSetup, Done, Escalation, EscalationAction, Later, Refused, Result
from shared.plugins import PluginError, build, config_of
from shared.settings import Settings
from shared.testing.embedded_ports import LOOPBACK, free_port
from tests.http_server import Quiet, serving
from tests.unit.sla.story import MONDAY

KEY = "a secret of the on-call system"
ESCALATION = Escalation(
    id="c1:breach:supervisor:webhook",
    on="breach",
    to="supervisor",
    percent=None,
    clock_id="c1",
    metric="resolution",
    cycle=1,
    department="market",
    due_at=MONDAY,
    at=MONDAY,
    grade="urgent",
    work_order_id="w1",
    number="XR20261123001",
    category="complaint",
    topic=None,
    attempt=2,
)


@dataclass
class OnCall:
    """A listening on-call system: what it was asked, and how it answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)


@contextmanager
def on_call(status: int = 200, **headers: str) -> Iterator[OnCall]:
    state = OnCall(status, {name.replace("_", "-"): value for name, value in headers.items()})

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def posted(self, body: bytes) -> None:
            seal = hmac.new(KEY.encode(), f"{self.headers['X-Yingda-Timestamp']}.".encode() + body, hashlib.sha256)
            signed = self.headers["X-Yingda-Signature"] == f"sha256={seal.hexdigest()}"
            state.asked.append((self.path, {**dict(self.headers), "signed": str(signed)}, json.loads(body)))
            if state.status == 0:  # hang up without a word
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as port:
        state.port = port
        yield state


def action(port: int, *, trusted: tuple[str, ...] = (LOOPBACK,), key: str = KEY) -> EscalationAction:
    settings = {"url": f"http://{LOOPBACK}:{port}/hook?team=1", "key": "on_call", "trusted": trusted}
    made: EscalationAction = build(
        plugin,
        ActionSetup(
            config=config_of(plugin, settings),
            settings=Settings(),
            data=Settings().data,
            now=lambda: MONDAY,
            secrets={"on_call": SecretStr(key)}.__getitem__,
            wait_seconds=20.0,
        ),
    )
    return made


async def taken(port: int, **more: Any) -> Result:
    made = action(port, **more)
    try:
        return await made.act(ESCALATION)
    finally:
        await made.close()


async def test_an_escalation_is_posted_signed_and_with_its_idempotency_key() -> None:
    with on_call() as system:
        assert await taken(system.port) == Done("answered with 200")
    ((path, headers, body),) = system.asked
    assert (path, headers["signed"], headers["Idempotency-Key"]) == ("/hook?team=1", "True", ESCALATION.id)
    assert (
        abs(int(headers["X-Yingda-Timestamp"]) - time.time()) < 300
    )  # real time, whatever the business rehearses with
    assert body == {
        "id": ESCALATION.id, "on": "breach", "to": "supervisor", "percent": None, "clock_id": "c1",
        "metric": "resolution", "cycle": 1, "department": "market", "due_at": "2026-11-23T02:00:00Z",
        "at": "2026-11-23T02:00:00Z", "grade": "urgent", "work_order_id": "w1", "number": "XR20261123001",
        "category": "complaint", "topic": None, "attempt": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "headers", "result"),
    [
        (204, {}, Done("answered with 204")),
        (429, {"Retry_After": "120"}, Later("answered with 429", 120.0)),
        (429, {"Retry_After": "999999"}, Later("answered with 429", 3600.0)),
        (503, {"Retry_After": "Mon, 23 Nov 2026 10:00:00 GMT"}, Later("answered with 503")),
        (500, {}, Later("answered with 500")),
        (302, {"Location": "http://example.com/"}, Refused("answered with 302")),
        (401, {}, Refused("answered with 401")),
    ],
)
async def test_each_answer_has_its_meaning(status: int, headers: dict[str, str], result: Result) -> None:
    with on_call(status, **headers) as system:
        assert await taken(system.port) == result


async def test_silence_and_absence_are_tried_again() -> None:
    with on_call(0) as system:
        assert isinstance(await taken(system.port), Later)
    assert isinstance(await taken(free_port()), Later)


async def test_inner_addresses_are_for_those_that_the_operator_trusts() -> None:
    """Nobody reaches the machine's own services by a policy."""
    with on_call() as system:
        result = await taken(system.port, trusted=())
    assert isinstance(result, Later)
    assert system.asked == []


def test_settings_that_cannot_be_used_are_said_in_a_sentence() -> None:
    with pytest.raises(PluginError, match="url"):
        config_of(plugin, {"url": "ftp://x", "key": "on_call"})
    with pytest.raises(PluginError, match="url"):
        config_of(plugin, {"url": "https://user:password@oncall.example.com/", "key": "on_call"})
    with pytest.raises(PluginError, match="at least 16 characters"):
        action(1, key="short")
    with pytest.raises(PluginError, match="trusted"):
        config_of(plugin, {"url": "https://oncall.example.com/", "key": "on_call", "trusted": ["10.0.0.0/99"]})
