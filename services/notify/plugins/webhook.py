"""The `webhook` transport: one signed HTTP POST per message, for SMS gateways, messengers and enterprise bots.

    POST YINGDA_WEBHOOK_URL
    Idempotency-Key: <notification_id>            the same for every attempt, so that a gateway can drop the second
    X-Yingda-Timestamp: 1764000000
    X-Yingda-Signature: sha256=<HMAC of "timestamp.body" with YINGDA_WEBHOOK_KEY>
    {"notification_id", "channel", "to", "subject", "text", "purpose", "audience", "work_order", "locale", "attempt", "also"}

A 2xx takes the message; `{"id": "…"}` in its body is the provider's own name for it, which receipts may use. A 408,
425, 429 or 503 is asked again, another 4xx is for good, and `{"invalid_address": true}` in it ends the address. What
may have been taken (another 5xx, no answer) is unknown, and not sent to a customer again (R-NT-04).
"""

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Collection, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportError, TransportSetup, Unknown
from shared.plugins import Plugin

BATCH_SECONDS = 35.0
"""A batch that a slow gateway stretches beyond this is broken off between two messages; the rest is tried later."""
LONGEST_ANSWER = 65_536
_AGAIN = frozenset({408, 425, 429, 503})
_TAKEN = range(200, 300)
_FOR_GOOD = range(300, 500)


class WebhookTransport:
    """One connection per batch. A message counts as unknown only where its request had been sent."""

    name = "webhook"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup) -> None:
        settings = setup.settings
        if not settings.webhook_url or settings.webhook_key is None:
            raise TransportError("webhook needs an address and a key: set YINGDA_WEBHOOK_URL and YINGDA_WEBHOOK_KEY")
        self.channel = setup.channel
        self._url = urlsplit(settings.webhook_url)
        self._key = settings.webhook_key.get_secret_value().encode()
        self._wait = setup.wait_seconds
        self._now = setup.now

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Post one message after the other; what a broken connection leaves unsent is tried later."""
        return await asyncio.to_thread(self._post_all, messages)

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: a webhook cannot be asked what it has taken."""
        del ids
        return None

    async def close(self) -> None:
        """No connection outlives its batch."""

    def _post_all(self, messages: Sequence[Outbound]) -> list[Outcome]:
        began = time.monotonic()
        connection = _connection(self._url, self._wait)
        outcomes: list[Outcome] = []
        try:
            for out in messages:
                if time.monotonic() - began > BATCH_SECONDS:
                    outcomes.append(Retry("the gateway is too slow"))
                else:
                    outcomes.append(self._post(connection, out))
        finally:
            connection.close()
        return outcomes

    def _post(self, connection: HTTPConnection, out: Outbound) -> Outcome:
        body = json.dumps(self._body(out), ensure_ascii=False).encode()
        try:
            if connection.sock is None:
                connection.connect()
        except OSError as error:
            return Retry(f"the gateway cannot be reached: {type(error).__name__}")
        try:
            connection.request("POST", _path(self._url), body, self._headers(out, body))
            response = connection.getresponse()
            return _outcome(response.status, response.read(LONGEST_ANSWER))
        except (OSError, HTTPException) as error:
            connection.close()
            return Unknown(f"no answer after the message was handed over: {type(error).__name__}")

    def _body(self, out: Outbound) -> dict[str, Any]:
        return {
            "notification_id": out.message.notification_id,
            "channel": self.channel,
            "to": out.message.to,
            "subject": out.message.subject,
            "text": out.message.text,
            "purpose": out.purpose,
            "audience": out.audience,
            "work_order": out.work_order,
            "locale": out.message.locale,
            "attempt": out.attempt,
            "also": list(out.also),
        }

    def _headers(self, out: Outbound, body: bytes) -> dict[str, str]:
        at = str(int(self._now().timestamp()))
        seal = hmac.new(self._key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": out.message.notification_id,
            "X-Yingda-Timestamp": at,
            "X-Yingda-Signature": f"sha256={seal}",
        }


def _connection(url: SplitResult, wait: float) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        return HTTPSConnection(host, url.port, timeout=wait, context=ssl.create_default_context())
    return HTTPConnection(host, url.port, timeout=wait)


def _path(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _outcome(status: int, body: bytes) -> Outcome:
    """Return what an answer means; its words may be personal, so only its code is told."""
    reason = f"refused with {status}"
    if status in _TAKEN:
        given = _answer(body).get("id")
        return Sent(given if isinstance(given, str) and given else None)
    if status in _AGAIN:
        return Retry(reason)
    if status in _FOR_GOOD:
        return Rejected(reason, address=_answer(body).get("invalid_address") is True)
    return Unknown(f"answered with {status}")


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


plugin = Plugin(
    kind="transport", name="webhook", api=1, summary="One signed HTTP POST per message", build=WebhookTransport
)
