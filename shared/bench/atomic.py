"""Publishing to JetStream with plain nats-py: many messages as one atomic batch, acknowledged once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from nats.aio.client import Client
from pydantic_core import from_json

TIMEOUT_SECONDS = 30.0
LIMIT = 1_000
"""Messages in one batch, the server's limit."""


class NotPublishedError(Exception):
    """JetStream refused a batch."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message; with an id the server drops it where it has it already."""

    subject: str
    body: bytes
    message_id: str | None = None


async def publish_atomically(client: Client, messages: Sequence[Outgoing]) -> None:
    """Publish all `messages` in order; they are on the disk afterwards. `NotPublishedError` where they are not."""
    for start in range(0, len(messages), LIMIT):
        await _batch(client, messages[start : start + LIMIT])


async def _batch(client: Client, messages: Sequence[Outgoing]) -> None:
    batch = secrets.token_hex(8)
    for number, message in enumerate(messages, 1):
        headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        if message.message_id is not None:
            headers["Nats-Msg-Id"] = message.message_id
        if number < len(messages):
            await client.publish(message.subject, message.body, headers=headers)
            continue
        headers["Nats-Batch-Commit"] = "1"
        reply = await client.request(message.subject, message.body, timeout=TIMEOUT_SECONDS, headers=headers)
        answer = from_json(reply.data)
        if "error" in answer:
            raise NotPublishedError(f"JetStream refused a batch: {answer['error'].get('description')}")
