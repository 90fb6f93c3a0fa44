"""The line to the stream: a process publishes in the order of its outbox rows, and what stands ready together as one batch.

Two transactions on one work order get their rows in the order of its versions, since the second waits for the first
one's locks. So the stream has the versions in their order, also after a failure: whoever follows one that is not known
to be on the stream is left to the relay as well, until it has caught up. With several replicas a later version may still
overtake one that another process has in hand; consumers park it (docs/adr/0003).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.bus.publish import ATOMIC_LIMIT, Outgoing

PATIENCE_SECONDS = 1.0
"""How long what is committed waits for an earlier row whose commit is not answered."""
UNKNOWN_SECONDS = 2.0
"""After a commit without an answer: by then PostgreSQL shows the row, or it does not exist."""


def nothing() -> None:
    """Do nothing."""


@dataclass(eq=False, slots=True)
class Place:
    """One transaction in the line: its outbox rows, what it emitted, and how it came out."""

    rows: Sequence[int]
    outgoing: Sequence[Outgoing]
    ready: bool = False
    """Its commit is answered."""
    settled: bool = False


class Line:
    """Orders what one process publishes. `publish` returns whether all of it is on the stream."""

    def __init__(self, publish: Callable[[Sequence[Place]], Awaitable[bool]]) -> None:
        self._publish = publish
        self.on_behind: Callable[[], None] = nothing
        """Called when the relay has to go first."""
        self._places: list[Place] = []
        self._turn = asyncio.Lock()
        self._ready = asyncio.Event()
        self._left = 0
        self._unknown_until = 0.0
        self.behind = False
        """Whether there may be rows that only the relay can publish, before everything that follows."""

    def enter(self, rows: Sequence[int], outgoing: Sequence[Outgoing]) -> Place:
        """Take a place, before the commit."""
        place = Place(rows, outgoing)
        self._places.append(place)
        self._places.sort(key=lambda one: one.rows[0])
        return place

    def lose(self, place: Place) -> None:
        """Leave the line: whether the commit took place is not known."""
        self._unknown_until = asyncio.get_running_loop().time() + UNKNOWN_SECONDS
        self._leave([place])

    def fall_behind(self) -> None:
        """Let the relay go first, as after a start: what a crash has left comes before everything new."""
        self.behind = True
        self._left += 1
        self._ready.set()
        self.on_behind()

    async def publish(self, place: Place) -> None:
        """Return when what `place` emitted is on the stream, or left to the relay."""
        place.ready = True
        self._ready.set()
        try:
            while self._waits(place):
                async with self._turn:
                    if self._waits(place):
                        await self._next(place)
        finally:
            if not place.settled:  # behind, or cancelled
                self._leave([place])

    @asynccontextmanager
    async def halted(self) -> AsyncIterator[Callable[[], None]]:
        """Yield, while nothing is published here, what tells that the relay has caught up with all there was."""
        async with self._turn:
            left = self._left

            def caught_up() -> None:
                if left == self._left and asyncio.get_running_loop().time() >= self._unknown_until:
                    self.behind = False

            yield caught_up

    def _waits(self, place: Place) -> bool:
        return not place.settled and not self.behind

    async def _next(self, place: Place) -> None:
        """Publish what stands ready at the head of the line; wait for the head where it is not ready."""
        if ready := self._head():
            if await self._publish(ready):
                self._settle(ready)
            else:
                self._leave(ready)
            return
        self._ready.clear()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            self._leave([place])

    def _head(self) -> list[Place]:
        """Return the places at the head that are ready, of one atomic batch together, but at least one."""
        found: list[Place] = []
        events = 0
        for place in self._places:
            events += len(place.outgoing)
            if not place.ready or (found and events > ATOMIC_LIMIT):
                break
            found.append(place)
        return found

    def _leave(self, places: Sequence[Place]) -> None:
        self._settle(places)
        self.fall_behind()

    def _settle(self, places: Sequence[Place]) -> None:
        for place in places:
            place.settled = True
            self._places.remove(place)
