"""One commit: several contacts onto the stream at once, and for each what JetStream says of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from shared.bus.publish import PUBLISH_TIMEOUT_SECONDS, Outgoing
from shared.bus.publish import Publisher as StreamPublisher
from shared.bus.streams import CONTACTS

_SERVERS_OWN = 500
"""From this code on it is the server's own trouble, which passes."""
_CONFLICT = 409
"""The leader is storing a message of this id: what it answers next time tells whether it could."""
_TOO_MANY = 429
_ACCOUNT_IS_FULL = 10_002
"""Given with code 400, and over as soon as there is room again."""


class Unanswered(Exception):
    """JetStream said nothing of the whole commit: it may be on the stream or not."""


@dataclass(frozen=True, slots=True)
class Known:
    """The contact is on the stream; `repeated` where the server had it already."""

    repeated: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server refuses this message, and would again."""

    reason: str


Answer = Known | Refusal | None
"""None: no answer for this one, it is to be published again."""


class Commit:
    """Publishes to the stream of contacts."""

    def __init__(self, client: Client) -> None:
        self._stream = StreamPublisher(client, CONTACTS.name)
        self._jetstream = JetStreamContext(client, timeout=PUBLISH_TIMEOUT_SECONDS)

    async def publish(self, messages: Sequence[Outgoing]) -> Sequence[Answer]:
        """Return an answer for each of `messages`; `Unanswered` where there is none for all.

        As one atomic batch; where the server refuses that whole, because it knows or cannot take one of them, each by
        itself.
        """
        try:
            if len(messages) > 1 and await self._stream.atomic(messages):
                return [Known(repeated=False)] * len(messages)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise Unanswered(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        answers = await asyncio.gather(*map(self._one, messages))
        if all(answer is None for answer in answers):
            raise Unanswered("no acknowledgement")
        return answers

    async def _one(self, message: Outgoing) -> Answer:
        try:
            answer = await self._jetstream.publish(
                message.subject, message.body, stream=CONTACTS.name, headers=message.headers()
            )
        except NoStreamResponseError:
            return None  # the stream has no leader now, or is being made
        except APIError as error:
            if _passes(error):
                return None
            return Refusal(error.description or f"code {error.code}")
        except (nats.errors.Error, OSError, TimeoutError):
            return None
        return Known(repeated=bool(answer.duplicate))


def _passes(error: APIError) -> bool:
    """Return whether the server may take the same message later."""
    code = error.code or _SERVERS_OWN
    return code >= _SERVERS_OWN or code in {_CONFLICT, _TOO_MANY} or error.err_code == _ACCOUNT_IS_FULL
