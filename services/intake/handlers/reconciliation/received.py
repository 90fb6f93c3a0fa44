"""The first stage: every message that intake was to take from the stream is a contact, or rejected, or a dead letter."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.reconciliation import Outcome, Tally
from services.intake.store.reconciliation import letters_between, letters_of, recorded_among
from shared.bus.position import Position
from shared.bus.read import Read, Stored
from shared.bus.streams import CONTACTS

_POISON: Final = "the handler failed"
"""How the reason of a message begins that could be read and not be handled."""


class Received:
    """Reads the stream of contacts beside the consumer, and looks for what each message has become."""

    def __init__(self, engine: AsyncEngine, read: Read, position: Callable[[], Awaitable[Position]]) -> None:
        self._engine = engine
        self._read = read
        self._position = position

    async def tally(
        self, after: int, since: datetime | None, again: Iterable[str], go_on: Callable[[], Awaitable[None]]
    ) -> tuple[Tally, int]:
        """Count the messages after a sequence (or stored since a moment) up to the last one that is done with.

        Those that were missing before are looked for `again`. Returns the count and the sequence up to which it goes.
        A message that was taken off the stream (R-IN-03) cannot be counted; it went only after it was a contact.
        """
        tally = Tally("received")
        position = await self._position()
        up_to = position.published if position.waiting == 0 else min(position.applied, position.published)
        tally.in_flight = position.published - up_to
        if position.published < after:  # another stream than the one that was read the last time
            after = 0
        for name in again:
            await self._look_again(tally, name)
        if up_to > after:
            async for batch in self._read(after, up_to, since):
                began = time.monotonic()
                await self._count(tally, batch)
                await go_on()
                await asyncio.sleep(time.monotonic() - began)  # half of the time is left to whoever works
        return tally, max(up_to, after)

    async def _look_again(self, tally: Tally, name: str) -> None:
        """Note whether what was missing still is; one that is off the stream by now cannot be told."""
        sequence, found = int(name.rpartition("/")[2]), Tally("received")
        async for batch in self._read(sequence - 1, sequence, None):
            await self._count(found, batch)
        tally.missing |= found.missing
        if not found.missing:
            tally.well.add(name)

    async def _count(self, tally: Tally, batch: Sequence[Stored]) -> None:
        if not batch:
            return
        keys = {stored.sequence: _key(stored.body) for stored in batch}
        async with self._engine.connect() as connection:
            known = await recorded_among(connection, [key for key in keys.values() if key])
            letters = await letters_between(connection, batch[0].sequence, batch[-1].sequence)
            # A repeat of what was put aside has no effect, and so no letter of its own.
            left = [key for sequence, key in keys.items() if key and key not in known and sequence not in letters]
            earlier = await letters_of(connection, left) if left else {}
        for sequence, key in keys.items():
            reason = letters.get(sequence) or earlier.get(key)
            tally.count(f"{CONTACTS.name}/{sequence}", _outcome(reason, recorded=key in known))


def _key(body: bytes) -> str:
    """Return what identifies the contact for ever, nothing where the body cannot be read."""
    try:
        envelope = from_json(body)
        return f"{envelope['source']}/{envelope['id']}"
    except (ValueError, KeyError, TypeError):
        return ""


def _outcome(reason: str | None, *, recorded: bool) -> Outcome:
    if recorded:
        return "found"
    if reason is None:
        return "missing"
    return "letter" if reason.startswith(_POISON) else "rejected"
