"""A first look over a long queue: what cannot wait is taken out of its turn (docs/adr/0025).

Whoever waits in a queue is served in its order, and in a flood the emergency waits with all the others. So while the
queue is long its messages are read once ahead, cheaply, and those that cannot wait are processed at once. They stay in
the queue; when their turn comes they are known already and have no second effect.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import datetime
from typing import cast

import structlog

from shared.bus.position import Position
from shared.bus.read import Read, Stored
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import Stream
from shared.clock import Clock

LONG_QUEUE = 750
"""Messages that wait, those in hand included: seconds of work. A shorter queue is no reason to look ahead."""
LOOK_SECONDS = 0.5
"""Between two looks, and how long one lasts at most before the next begins."""
LOOK_FIRST_SECONDS = 1.5
"""How long a batch of a long queue waits at most for the look that is behind: it is slowed down, never stopped."""

log = structlog.get_logger()


class FirstLook:
    """Looks ahead of one service's consumer; `hasty` tells from a raw body whether it cannot wait."""

    def __init__(
        self,
        hasty: Callable[[bytes], bool],
        stream: Stream,
        runtime: BatchRuntime,
        read: Read,
        position: Callable[[], Awaitable[Position]],
        clock: Clock,
    ) -> None:
        self._hasty = hasty
        self._stream = stream.name
        self._runtime = runtime
        self._read = read
        self._position = position
        self._clock = clock
        self._seen = 0
        self._level = asyncio.Event()
        self._level.set()

    async def level(self, seconds: float) -> None:
        """Return when everything that waits has been looked at, after so many seconds at the latest.

        The consumer asks before a batch: what it does in that time is the very processor time that the look needs.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._level.wait()

    async def turn(self) -> datetime | None:
        """Look over what has come since the last look; return at once when to go on, None where nothing waits long."""
        position = await self._position()
        if position.waiting < LONG_QUEUE or position.published < self._seen:  # a stream that began anew
            self._seen = 0
            self._level.set()
            return None
        after = max(self._seen, position.applied)
        try:
            found, self._seen = await self._look(after, position.published)
            if found:  # together: a transaction for each batch that was read would cost more than the reading
                await self._runtime.ahead(self._stream, found)
        except BaseException:
            self._level.set()  # nobody waits for a look that fails
            raise
        log.info("looked ahead", waiting=position.waiting, seen=self._seen - after, taken=len(found))
        if self._seen >= position.published:
            self._level.set()
            return None
        self._level.clear()
        return self._clock.now()

    async def _look(self, after: int, until: int) -> tuple[list[Stored], int]:
        """Return what cannot wait after a sequence, and how far the look came in its time."""
        found: list[Stored] = []
        end = asyncio.get_running_loop().time() + LOOK_SECONDS
        async with aclosing(cast(AsyncGenerator[list[Stored], None], self._read(after, until, None))) as batches:
            async for batch in batches:
                found += [one for one in batch if self._hasty(one.body)]
                seen = batch[-1].sequence if batch else after
                if asyncio.get_running_loop().time() > end or self._runtime.stopping.is_set():
                    return found, seen
        return found, until  # also where the last ones were taken off the stream (R-IN-03)
