"""The `webhook` transport: one signed HTTP POST per message, for SMS gateways, messengers and enterprise bots.

    POST <url>
    Idempotency-Key: <notification_id>            the same for every attempt, so that a gateway can drop the second
    X-Yingda-Timestamp: 1764000000
    X-Yingda-Signature: sha256=<HMAC of "timestamp.body" with the key>
    {"notification_id", "channel", "to", "subject", "text", "purpose", "audience", "work_order", "locale", "attempt", "also"}

Address and key stand in the policy (`plugins.transports.webhook`), else in YINGDA_WEBHOOK_URL and YINGDA_WEBHOOK_KEY.

A 2xx takes the message; `{"id": "…"}` in its body is the provider's own name for it, which receipts may use. A 408,
425, 429 or 503 is asked again, another 4xx is for good, and `{"invalid_address": true}` in it ends the address. What
may have been taken (another 5xx, no answer) is unknown, and not sent to a customer again (R-NT-04).
"""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from services.notify.plugins.in_time import InTime
from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportError, TransportSetup, Unknown
from shared.outbound import Answer, HttpClient, NotTaken, Trusted, signed
from shared.plugins import Config, Plugin, SecretName

LEAST_KEY: Final = 16
_AGAIN: Final = frozenset({408, 425, 429, 503})
_FOR_GOOD: Final = range(300, 500)


class WebhookConfig(Config):
    """Settings of `webhook`; without any, those of the environment."""

    url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+(?:[/?][^\s#]*)?$")
    """Where messages are posted."""
    key: SecretName | None = None
    """Name of the secret that signs what is posted."""
    ca: Path | None = None
    """Who vouches for the gateway, in the place of the system's authorities."""
    trusted_hosts: Trusted = ()
    """Hosts or networks that are inner ones, or asked in clear text, and may be called nevertheless."""

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if (self.url is None) != (self.key is None):
            raise ValueError("url and key go together")
        return self


class WebhookTransport:
    """Posts one message after the other over kept connections. Only one whose request had begun counts as unknown."""

    name = "webhook"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup) -> None:
        config: WebhookConfig = setup.config or WebhookConfig()
        self.channel = setup.channel
        self._url, self._key, trusted = _place(config, setup)
        self._client = HttpClient(wait_seconds=setup.wait_seconds, trusted=trusted, ca=config.ca)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Post one message after the other; what a gateway that is away leaves unsent is tried later."""
        time = InTime()
        outcomes: list[Outcome] = []
        for out in messages:
            if time.is_over():
                outcomes.append(Retry("the gateway is too slow"))
            else:
                outcomes.append(await time.outcome(self._post(out)))
        return outcomes

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: a webhook cannot be asked what it has taken."""
        del ids
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _post(self, out: Outbound) -> Outcome:
        body = json.dumps(self._body(out), ensure_ascii=False).encode()
        result = await self._client.request("POST", self._url, body, self._headers(out, body))
        if isinstance(result, NotTaken):
            return Retry(f"the gateway cannot be reached: {result.reason}")
        if isinstance(result, Answer):
            return _outcome(result)
        return Unknown(f"no answer after the message was handed over: {result.reason}")

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
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": out.message.notification_id,
            **signed(body, self._key.get_secret_value().encode()),
        }


def _place(config: WebhookConfig, setup: TransportSetup) -> tuple[str, SecretStr, tuple[str, ...]]:
    """Return address and key, and which hosts are trusted.

    Who may set the environment may have the gateway where they like, as ever; the policy has to say that it is inside.
    """
    if config.url is not None and config.key is not None:
        key = setup.secret(config.key)
        if len(key.get_secret_value()) < LEAST_KEY:
            raise TransportError(f'the secret "{config.key}" must have at least {LEAST_KEY} characters')
        return config.url, key, config.trusted_hosts
    settings = setup.settings
    if not settings.webhook_url or settings.webhook_key is None:
        raise TransportError(
            "webhook needs an address and a key: set url and key under plugins.transports.webhook in the policy, "
            "or set YINGDA_WEBHOOK_URL and YINGDA_WEBHOOK_KEY"
        )
    target = urlsplit(settings.webhook_url)
    if target.hostname is None or "@" in target.netloc:
        raise TransportError("YINGDA_WEBHOOK_URL holds a user or a password: what is posted is signed, leave them out")
    return settings.webhook_url, settings.webhook_key, (*config.trusted_hosts, target.hostname)


def _outcome(answer: Answer) -> Outcome:
    """Return what an answer means; its words may be personal, so only its code is told."""
    reason = f"refused with {answer.status}"
    if answer.taken:
        given = answer.values().get("id")
        return Sent(given if isinstance(given, str) and given else None)
    if answer.status in _AGAIN:
        return Retry(reason)
    if answer.status in _FOR_GOOD:
        return Rejected(reason, address=answer.values().get("invalid_address") is True)
    return Unknown(f"answered with {answer.status}")


plugin = Plugin(
    kind="transport",
    name="webhook",
    api=1,
    summary="One signed HTTP POST per message, to a gateway of your own",
    build=WebhookTransport,
    config=WebhookConfig,
)
