"""The conversations on their stream: the last one of a subject counts, and changes only what the writer has seen.

    yingda.chat.open.<key>    the conversation as it is
    yingda.chat.ended.<key>   that it has become a contact; nothing of what was said

The key is a digest of the session, which is the client's secret. The gateway makes the stream itself: it alone uses it.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import Header, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError
from pydantic_core import from_json, to_json

from services.intake.adapters.web_chat.conversation import Conversation
from shared.adapters import BusAway

STREAM: Final = "CHATS"
OPEN: Final = "yingda.chat.open."
ENDED: Final = "yingda.chat.ended."
KEEP_DAYS: Final = 30
_WRONG_LAST: Final = 10_071
_AWAY: Final = (nats.errors.Error, OSError, TimeoutError)

log = structlog.get_logger()


class Overtaken(Exception):
    """Somebody else has changed the conversation meanwhile."""


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation as it is on the stream; `revision` is 0 where it is not there yet."""

    conversation: Conversation
    revision: int


def key_of(session: str) -> str:
    """Return what the conversation of `session` is called, without telling the session."""
    return hashlib.sha256(session.encode()).hexdigest()[:32]


def config(replicas: int) -> StreamConfig:
    """Return the settings of the stream."""
    return StreamConfig(
        name=STREAM,
        description="conversations of the web chat that have not become contacts yet",
        subjects=[f"{OPEN}*", f"{ENDED}*"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_msgs_per_subject=1,
        max_age=KEEP_DAYS * 86_400.0,
        num_replicas=replicas,
        max_msg_size=1_000_000,
    )


class Chats:
    """Reads and writes conversations; `BusAway` wherever JetStream does not answer."""

    def __init__(self, client: Client, replicas: int = 1) -> None:
        self._jetstream = JetStreamContext(client, timeout=5)
        self._replicas = replicas

    async def prepare(self) -> None:
        """Make the stream where there is none; what is there stays as it is."""
        try:
            try:
                await self._jetstream.stream_info(STREAM)
            except NotFoundError:
                await self._jetstream.add_stream(config(self._replicas))
        except _AWAY as error:
            raise BusAway from error

    async def load(self, key: str) -> Held | None:
        """Return the conversation; None where there is none that is open or closing."""
        found = await self._last(f"{OPEN}{key}")
        return None if found is None else Held(Conversation.from_json(found[0]), found[1])

    async def ended(self, key: str) -> bool:
        """Return whether the conversation has become a contact."""
        return await self._last(f"{ENDED}{key}") is not None

    async def save(self, key: str, conversation: Conversation, revision: int) -> Held:
        """Write what follows from `revision`; `Overtaken` where that is not the last one any more."""
        headers = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(revision)}
        try:
            answer = await self._jetstream.publish(
                f"{OPEN}{key}", to_json(conversation.to_json()), stream=STREAM, headers=headers
            )
        except APIError as error:
            if error.err_code == _WRONG_LAST:
                raise Overtaken from error
            raise BusAway from error
        except _AWAY as error:
            raise BusAway from error
        return Held(conversation, answer.seq)

    async def finish(self, key: str, revision: int) -> None:
        """Note that the conversation has become a contact, and erase what was said."""
        try:
            await self._jetstream.publish(f"{ENDED}{key}", b"{}", stream=STREAM)
            try:
                await self._jetstream.delete_msg(STREAM, revision)
            except APIError:  # another gateway has done it
                return
        except _AWAY as error:
            raise BusAway from error

    async def all(self) -> AsyncIterator[tuple[str, Held]]:
        """Yield every conversation that is open or closing, with its key; what cannot be read is told and left."""
        sequence = 1
        while True:
            try:
                message = await self._jetstream.get_msg(STREAM, sequence, f"{OPEN}*", next=True)
            except NotFoundError:
                return
            except _AWAY as error:
                raise BusAway from error
            found = message.seq or sequence
            key = (message.subject or "").removeprefix(OPEN)
            sequence = found + 1
            try:
                conversation = Conversation.from_json(from_json(message.data or b"{}"))
            except (KeyError, TypeError, ValueError) as error:  # as one of a later version, after a step back
                log.warning("a conversation cannot be read", conversation=key, why=type(error).__name__)
                continue
            yield key, Held(conversation, found)

    async def _last(self, subject: str) -> tuple[Any, int] | None:
        try:
            message = await self._jetstream.get_last_msg(STREAM, subject)
        except NotFoundError:
            return None
        except _AWAY as error:
            raise BusAway from error
        return from_json(message.data or b"{}"), message.seq or 0
