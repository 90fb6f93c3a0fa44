"""The webhook transport against a real HTTP server that answers in every way (R-NT-04, R-NT-05)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from services.notify.plugins import in_time
from services.notify.plugins.webhook import WebhookConfig, WebhookTransport
from services.notify.ports import (
    Message,
    Outbound,
    Rejected,
    Retry,
    Sender,
    Sent,
    Transport,
    TransportError,
    Unknown,
)
from shared.plugins import MissingSecretError
from shared.settings import Settings
from shared.testing.embedded_ports import LOOPBACK
from tests.plugins import transport_setup
from tests.unit.notify.events import NOW
from tests.vendor_server import Asked, Reply, VendorServer, replies, trust, vendor_server

pytestmark = pytest.mark.slow  # servers that are silent

KEY = "0123456789abcdef"


def verified(asked: Asked) -> bool:
    """Whether the body is signed with the key, and now: a gateway lives in real time, whatever the business rehearses with."""
    if abs(int(asked.headers["x-yingda-timestamp"]) - time.time()) > 300:
        return False
    text = f"{asked.headers['x-yingda-timestamp']}.".encode() + asked.body
    return asked.headers["x-yingda-signature"] == "sha256=" + hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest()


@asynccontextmanager
async def gateway(
    answer: Callable[[Asked], Reply], wait: float = 20.0, **config: Any
) -> AsyncIterator[tuple[Transport, VendorServer]]:
    async with vendor_server(answer) as there:
        webhook = transport(f"{there.url}/send?house=1", wait, **config)
        try:
            yield webhook, there
        finally:
            await webhook.close()


def transport(url: str, wait: float = 20.0, **config: Any) -> WebhookTransport:
    settings = Settings(webhook_url=url, webhook_key=SecretStr(KEY))
    return WebhookTransport(
        transport_setup("sms", settings, lambda: NOW, wait, WebhookConfig(**config) if config else None)
    )


def outbound(number: int = 1) -> Outbound:
    message = Message(f"n{number}", "13800138000", "主题", "王女士，您好！", Sender("应答", "s@example.com"), "zh")
    return Outbound(message, "accepted", "customer", 1, "XR20261123001")


async def test_batches_go_signed_over_one_connection_and_bring_the_providers_names() -> None:
    """R-NT-05: for receipts."""
    async with gateway(replies(Reply(value={"id": "p-1"}), Reply(202, b"queued"))) as (webhook, there):
        assert await webhook.send([outbound(1), outbound(2)]) == [Sent("p-1"), Sent(None)]
        assert await webhook.send([outbound(3)]) == [Sent(None)]
        assert await webhook.sent_before(["n1"]) is None
    assert there.connections == 1
    asked = there.asked[0]
    assert all(map(verified, there.asked))
    assert (asked.target, asked.headers["idempotency-key"]) == ("/send?house=1", "n1")
    body = asked.json()
    assert (body["channel"], body["to"], body["text"]) == ("sms", "13800138000", "王女士，您好！")


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (Reply(400), Rejected("refused with 400")),
        (Reply(422, {"invalid_address": True}), Rejected("refused with 422", address=True)),
        (Reply(404, b"<html>"), Rejected("refused with 404")),
        (Reply(302, {}, {"Location": "/"}), Rejected("refused with 302")),  # not followed: the key is for one house
        (Reply(429), Retry("refused with 429")),
        (Reply(503), Retry("refused with 503")),
        (Reply(500), Unknown("answered with 500")),
        (
            Reply(trouble="cut"),
            Unknown("no answer after the message was handed over: RemoteProtocolError"),
        ),
        (Reply(value=[1]), Sent(None)),
    ],
)
async def test_an_answer_says_whether_it_was_taken_and_the_next_message_passes(reply: Reply, wanted: object) -> None:
    """R-NT-04: only what was certainly not taken is tried again."""
    async with gateway(replies(reply)) as (webhook, _):
        assert await webhook.send([outbound(1), outbound(2)]) == [wanted, Sent(None)]


@pytest.mark.parametrize("trouble", ["hang", "half", "drip", "garbage"])
async def test_a_gateway_that_takes_its_time_leaves_it_unknown(trouble: Any) -> None:
    """R-NT-04."""
    async with gateway(replies(Reply(trouble=trouble, value={"id": "x" * 50})), wait=1.5) as (webhook, there):
        (outcome,) = await webhook.send([outbound()])
    assert isinstance(outcome, Unknown)
    assert len(there.asked) == 1


async def test_a_batch_ends_in_time_and_what_has_left_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-NT-04: however long the policy waits for one answer."""
    monkeypatch.setattr(in_time, "BATCH_SECONDS", 2.9)
    monkeypatch.setattr(in_time, "END_SECONDS", 3.0)
    async with gateway(replies(Reply(), Reply(trouble="hang")), wait=60.0) as (webhook, _):
        outcomes = await webhook.send([outbound(number) for number in range(1, 4)])
    assert [type(one) for one in outcomes] == [Sent, Unknown, Retry]


async def test_a_gateway_that_is_away_has_taken_nothing() -> None:
    """R-NT-04."""
    async with gateway(replies()) as (_, there):
        url = there.url
    webhook = transport(url)
    assert await webhook.send([outbound()]) == [Retry("the gateway cannot be reached: no connection")]
    await webhook.close()


async def test_the_policy_says_which_gateway_inside_may_be_called(tmp_path: Path) -> None:
    """R-NT-05: what stands in the policy is called on inner addresses only where it says so, and over TLS that is verified."""
    house = trust(tmp_path)
    async with vendor_server(replies(), house.server) as there:
        for given, wanted in (
            ({"trusted_hosts": [LOOPBACK], "ca": house.ca}, Sent),
            ({"trusted_hosts": [LOOPBACK]}, Retry),
            ({"ca": house.ca}, Retry),
        ):
            config = WebhookConfig.model_validate({"url": f"{there.url}/hook", "key": "webhook_key", **given})
            setup = transport_setup("sms", None, lambda: NOW, 20.0, config)
            webhook = WebhookTransport(_with_secret(setup, KEY))
            (outcome,) = await webhook.send([outbound()])
            assert type(outcome) is wanted
            await webhook.close()
    assert len(there.asked) == 1
    assert verified(there.asked[0])


async def test_the_key_stays_where_it_is() -> None:
    with capture_logs() as logs:
        async with gateway(replies(Reply(500, KEY.encode()))) as (webhook, _):
            outcomes = await webhook.send([outbound()])
    assert KEY not in f"{logs}{outcomes}{webhook!r}{vars(webhook)}"


def test_what_cannot_work_is_said_at_start() -> None:
    with pytest.raises(TransportError, match=r"url and key under plugins\.transports\.webhook"):
        WebhookTransport(transport_setup("sms"))
    with pytest.raises(TransportError, match="leave them out"):
        transport("https://user:password@gateway.example/")
    with pytest.raises(ValidationError, match="url and key go together"):
        WebhookConfig(url="https://gateway.example/")
    with pytest.raises(ValidationError, match="url"):
        WebhookConfig(url="https://user:password@gateway.example/", key="webhook_key")
    config = WebhookConfig(url="https://gateway.example/", key="nobody_set_it")
    with pytest.raises(MissingSecretError, match="nobody_set_it"):
        WebhookTransport(transport_setup("sms", config=config))
    with pytest.raises(TransportError, match="at least 16 characters"):
        WebhookTransport(_with_secret(transport_setup("sms", config=config), "short"))


def _with_secret(setup: Any, secret: str) -> Any:
    values = {name: getattr(setup, name) for name in ("config", "settings", "data", "now", "channel", "wait_seconds")}
    return type(setup)(**values, secrets=lambda _name: SecretStr(secret))
