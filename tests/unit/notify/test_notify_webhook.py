"""The webhook transport against a real HTTP server that answers in every way (R-NT-04, R-NT-05)."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from services.notify.plugins.webhook import WebhookTransport
from services.notify.ports import Message, Outbound, Rejected, Retry, Sender, Sent, Transport, Unknown
from shared.settings import Settings
from tests.http_server import Quiet, serving
from tests.plugins import transport_setup
from tests.unit.notify.events import NOW

KEY = "0123456789abcdef"


@dataclass
class Gateway:
    """A listening gateway: what it was asked, and how it answers, by turns."""

    port: int = 0
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)


@contextmanager
def gateway(*answers: tuple[int, Any]) -> Iterator[Gateway]:
    state = Gateway(answers=list(answers))

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def posted(self, body: bytes) -> None:
            seal = hmac.new(KEY.encode(), f"{self.headers['X-Yingda-Timestamp']}.".encode() + body, hashlib.sha256)
            assert self.headers["X-Yingda-Signature"] == f"sha256={seal.hexdigest()}"
            state.connections.add(self.client_address)
            state.asked.append((self.path, dict(self.headers), json.loads(body)))
            status, answer = state.answers.pop(0) if state.answers else (200, {})
            if status == 0:  # hang up without a word
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.answer(status, data)

    with serving(Handler) as port:
        state.port = port
        yield state


def transport(port: int) -> WebhookTransport:
    settings = Settings(webhook_url=f"http://127.0.0.1:{port}/send?house=1", webhook_key=SecretStr(KEY))
    return WebhookTransport(transport_setup("sms", settings, lambda: NOW))


def outbound(number: int = 1) -> Outbound:
    message = Message(f"n{number}", "13800138000", "主题", "王女士，您好！", Sender("应答", "s@example.com"), "zh")
    return Outbound(message, "accepted", "customer", 1, "XR20261123001")


async def test_a_batch_goes_signed_over_one_connection_and_brings_the_providers_names() -> None:
    """R-NT-05: for receipts."""
    with gateway((200, {"id": "p-1"}), (202, b"queued")) as there:
        webhook: Transport = transport(there.port)
        assert await webhook.send([outbound(1), outbound(2)]) == [Sent("p-1"), Sent(None)]
        assert await webhook.sent_before(["n1"]) is None
        await webhook.close()
    assert len(there.connections) == 1
    path, headers, body = there.asked[0]
    assert (path, headers["Idempotency-Key"]) == ("/send?house=1", "n1")
    assert (body["channel"], body["to"], body["text"]) == ("sms", "13800138000", "王女士，您好！")


@pytest.mark.parametrize(
    ("status", "answer", "wanted"),
    [
        (400, {}, Rejected("refused with 400")),
        (422, {"invalid_address": True}, Rejected("refused with 422", address=True)),
        (404, b"<html>", Rejected("refused with 404")),
        (302, {}, Rejected("refused with 302")),  # a redirection is not followed: the key is for one house
        (429, {}, Retry("refused with 429")),
        (503, {}, Retry("refused with 503")),
        (500, {}, Unknown("answered with 500")),
        (0, {}, Unknown("no answer after the message was handed over: RemoteDisconnected")),
        (200, [1], Sent(None)),
    ],
)
async def test_an_answer_says_whether_it_was_taken_and_the_next_message_passes(
    status: int, answer: Any, wanted: object
) -> None:
    """R-NT-04: only what was certainly not taken is tried again."""
    with gateway((status, answer)) as there:
        assert await transport(there.port).send([outbound(1), outbound(2)]) == [wanted, Sent(None)]


async def test_a_gateway_that_is_away_has_taken_nothing() -> None:
    """R-NT-04."""
    with gateway() as there:
        port = there.port
    (outcome,) = await transport(port).send([outbound()])
    assert outcome == Retry("the gateway cannot be reached: ConnectionRefusedError")
