"""Messages kept and conversations ended, each once, whoever crashes or comes twice.

A message is kept when the stream has it. A conversation ends in four steps, each of which can be done again: it is closing
(nothing is added any more), its contact is published under the conversation's own id, it is noted as ended, it is erased.
"""

from collections.abc import Callable
from typing import Final, Literal

import structlog

from services.intake.adapters.web_chat.chats import Chats, Held, Overtaken, key_of
from services.intake.adapters.web_chat.conversation import Conversation, Known, Refusal, Said
from shared.adapters import BusAway, Publisher, RefusedByBus, TooLarge

_TRIES: Final = 20

log = structlog.get_logger()


class Desk:
    """Works on the conversations of all connections of this gateway; others may work on the same."""

    def __init__(
        self, chats: Chats, publisher: Publisher, channel: str, source: str, clock: Callable[[], float]
    ) -> None:
        """`clock` is this machine's, in seconds."""
        self._chats = chats
        self._publisher = publisher
        self._channel = channel
        self._source = source
        self._clock = clock

    async def kept(self, session: str) -> tuple[str, ...] | None:
        """Return the ids of the messages that are kept; None where the conversation has ended."""
        key = key_of(session)
        held = await self._chats.load(key)
        if held is not None:
            return tuple(one.id for one in held.conversation.messages) if held.conversation.state == "open" else None
        return None if await self._chats.ended(key) else ()

    async def keep(self, session: str, said: Said, known: Known) -> Literal["kept"] | Refusal:
        """Return `kept` when the message is on the stream, also where it was before; else why it is not."""
        key = key_of(session)
        for _ in range(_TRIES):
            held = await self._chats.load(key)
            if held is None:
                if await self._chats.ended(key):
                    return "ended"
                held = Held(Conversation(said.at, self._clock()), 0)
            if held.conversation.knows(said.id):
                return "kept"
            refusal = held.conversation.refusal(said.text)
            if refusal is not None:
                return refusal
            try:
                await self._chats.save(key, held.conversation.with_message(said, self._clock(), known), held.revision)
            except Overtaken:
                continue
            return "kept"
        raise BusAway

    async def end(self, session: str) -> str | None:
        """Make the contact; return its `<source>/<id>`, also where it was made before. None where nothing was said."""
        key = key_of(session)
        for _ in range(_TRIES):
            held = await self._chats.load(key)
            if held is None:
                return f"{self._source}/{key}" if await self._chats.ended(key) else None
            try:
                return await self._finish(key, held)
            except Overtaken:
                continue
        raise BusAway

    async def sweep(self, idle_seconds: float) -> int:
        """End what has been idle for so long, and what a crash has left in the middle; return how many."""
        ended = 0
        async for key, held in self._chats.all():
            idle = self._clock() - held.conversation.touched
            if held.conversation.state == "closing" or idle >= idle_seconds:
                try:
                    await self._finish(key, held)
                except Overtaken:
                    continue  # somebody has said something just now
                except (TooLarge, RefusedByBus) as error:
                    log.warning("a conversation cannot become a contact", conversation=key, why=str(error))
                    continue
                ended += 1
        return ended

    async def _finish(self, key: str, held: Held) -> str:
        if held.conversation.state == "open":
            held = await self._chats.save(key, held.conversation.closing(), held.revision)
        done = await self._publisher.publish(self._channel, source=self._source, id=key, data=held.conversation.form())
        await self._chats.finish(key, held.revision)
        return done.key
