"""The action `webhook`: one signed HTTP POST per escalation, for on-call systems, chat bots and scripts.

    POST <url>
    Idempotency-Key: <id>                         the same for every attempt, so that the second can be dropped
    X-Yingda-Timestamp, X-Yingda-Signature        as the `webhook` transport signs (`shared.outbound.signature`)
    {"id", "on", "to", "percent", "clock_id", "metric", "cycle", "department", "due_at", "at", "grade", "work_order_id",
     "number", "category", "topic", "attempt"}

A 2xx takes it. A 408, 425, 429 or 5xx, and no answer, is tried again (not before `Retry-After`, where it is a number of
seconds); any other answer is for good.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import Field

from services.sla.ports import ActionSetup, Done, Escalation, Later, Refused, Result
from shared.outbound import Answer, HttpClient, Trusted
from shared.outbound.signature import signed
from shared.plugins import Config, Plugin, PluginError, SecretName

_AGAIN: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
_LEAST_KEY: Final = 16
_LONGEST_PAUSE: Final = 3_600


class WebhookConfig(Config):
    """Where to post, and the name of the secret that signs it."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(?:[/?][^\s#]*)?$")]
    """Where it is posted."""
    key: SecretName
    """The name of the secret that signs it."""
    trusted: Trusted = ()
    """Hosts and networks that may be of an inner network, and be spoken to in clear text."""


class WebhookAction:
    """Posts every escalation; connections are kept from one to the next."""

    def __init__(self, setup: ActionSetup) -> None:
        config: WebhookConfig = setup.config
        self._url = config.url
        self._key = setup.secret(config.key).get_secret_value().encode()
        if len(self._key) < _LEAST_KEY:
            raise PluginError(f'the secret "{config.key}" must have at least {_LEAST_KEY} characters')
        self._client = HttpClient(wait_seconds=setup.wait_seconds, trusted=config.trusted)

    async def act(self, escalation: Escalation) -> Result:
        """Post it and return what the answer means; its words may be personal, so only its status is told."""
        body = json.dumps(asdict(escalation), default=_written, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": escalation.id,
            **signed(body, self._key),
        }
        answer = await self._client.request("POST", self._url, body, headers)
        if not isinstance(answer, Answer):
            return Later(answer.reason)
        if answer.taken:
            return Done(f"answered with {answer.status}")
        if answer.status in _AGAIN or answer.status >= _SERVER_ERROR:
            return Later(f"answered with {answer.status}", _pause(answer.headers.get("retry-after", "")))
        return Refused(f"answered with {answer.status}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _written(value: object) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _pause(retry_after: str) -> float | None:
    return min(float(retry_after), _LONGEST_PAUSE) if retry_after.isascii() and retry_after.isdigit() else None


plugin = Plugin(
    kind="escalation_action",
    name="webhook",
    api=1,
    summary="One signed HTTP POST per escalation",
    build=WebhookAction,
    config=WebhookConfig,
)
