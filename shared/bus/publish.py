"""Publishing to JetStream: many messages as one atomic batch, one by one where the server knows one already."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError
from pydantic_core import from_json

from shared.bus.wire import headed, write
from shared.events.envelope import CONTENT_TYPE
from shared.events.trace import TRACEPARENT_LENGTH
from shared.ids import new_id

PUBLISH_TIMEOUT_SECONDS = 5.0
ATOMIC_LIMIT = 1_000  # messages in one batch, the server's limit (ADR-50 of NATS)

Way = Literal["single", "atomic", "one_by_one"]


class PublishError(Exception):
    """JetStream did not acknowledge the messages; the relay publishes them later."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out; `message_id` lets the server drop what it has already."""

    message_id: str
    subject: str
    body: bytes
    trace: str = ""
    """What the body's envelope says of it, for those who read no further than the headers (`shared.events.trace`)."""

    def headers(self) -> dict[str, str]:
        """Return the headers of the contract, and those of W3C Trace Context."""
        headers = {"Nats-Msg-Id": self.message_id, "content-type": CONTENT_TYPE}
        if self.trace:
            headers["traceparent"] = self.trace[:TRACEPARENT_LENGTH]
            if len(self.trace) > TRACEPARENT_LENGTH:
                headers["tracestate"] = self.trace[TRACEPARENT_LENGTH + 1 :]
        return headers


class Publisher:
    """Publishes to one stream and returns only when the server has acknowledged all."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._jetstream = JetStreamContext(client, timeout=PUBLISH_TIMEOUT_SECONDS)
        self._stream = stream

    async def publish(self, messages: Sequence[Outgoing]) -> Way:
        """Publish all `messages` in order; they are on the stream afterwards. `PublishError` where that is unknown."""
        way: Way = "single"
        try:
            for start in range(0, len(messages), ATOMIC_LIMIT):
                way = await self._chunk(messages[start : start + ATOMIC_LIMIT])
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise PublishError(f"JetStream did not acknowledge: {error!r}") from error
        return way

    async def _chunk(self, messages: Sequence[Outgoing]) -> Way:
        if len(messages) == 1:
            await self._one(messages[0])
            return "single"
        if await self.atomic(messages):
            return "atomic"
        for message in messages:
            await self._one(message)
        return "one_by_one"

    async def _one(self, message: Outgoing) -> None:
        await self._jetstream.publish(
            message.subject,
            message.body,
            stream=self._stream,
            headers=message.headers(),
            timeout=PUBLISH_TIMEOUT_SECONDS,
        )

    async def atomic(self, messages: Sequence[Outgoing]) -> bool:
        """Publish as one atomic batch of at most `ATOMIC_LIMIT`; False where the server refused it whole.

        It does where it knows one of them already. Errors of nats-py where nothing is known.
        """
        batch, last = new_id(), messages[-1]
        await write(self._client, [_member(m, batch, n) for n, m in enumerate(messages[:-1], start=1)])
        reply = await self._client.request(
            last.subject,
            last.body,
            timeout=PUBLISH_TIMEOUT_SECONDS,
            headers=_place(last, batch, len(messages)) | {"Nats-Batch-Commit": "1"},
        )
        answer = from_json(reply.data)
        if "error" not in answer:
            return True
        if answer["error"].get("code", 500) >= 500:  # noqa: PLR2004 (the server's own trouble, not the batch's)
            raise APIError(**{k: answer["error"].get(k) for k in ("code", "description", "err_code")})
        return False


def _place(message: Outgoing, batch: str, number: int) -> dict[str, str]:
    return message.headers() | {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}


def _member(message: Outgoing, batch: str, number: int) -> bytes:
    return headed(message.subject, _place(message, batch, number), message.body)


async def connected(client: Client, timeout_seconds: float) -> bool:
    """Return whether `client` is connected, waiting up to `timeout_seconds` for a reconnection."""
    try:
        async with asyncio.timeout(timeout_seconds):
            await client.flush()
    except (nats.errors.Error, OSError, TimeoutError):
        return False
    return True
