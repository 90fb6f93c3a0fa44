"""A first look over a long queue: what cannot wait is taken out of its turn (docs/adr/0025).

Whoever waits in a queue is served in its order, and in a flood the emergency waits with all the others. So while the
queue is long its messages are read once ahead, cheaply, and those that cannot wait are processed at once. They stay in
the queue; when their turn comes they are known already and have no second effect.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
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
LOOK_SECONDS = 1.0
"""Between two looks, and how long one lasts at most before the next begins."""

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

    async def turn(self) -> datetime | None:
        """Look over what has come since the last look; return at once when to go on, None where nothing waits long."""
        position = await self._position()
        if position.waiting < LONG_QUEUE or position.published < self._seen:  # a stream that began anew
            self._seen = 0
            return None
        after = max(self._seen, position.applied)
        until = asyncio.get_running_loop().time() + LOOK_SECONDS
        taken = 0
        async with aclosing(
            cast(AsyncGenerator[list[Stored], None], self._read(after, position.published, None))
        ) as batches:
            async for batch in batches:
                found = [one for one in batch if self._hasty(one.body)]
                if found:
                    await self._runtime.ahead(self._stream, found)
                    taken += len(found)
                self._seen = batch[-1].sequence if batch else self._seen
                if asyncio.get_running_loop().time() > until or self._runtime.stopping.is_set():
                    break
            else:
                self._seen = position.published  # also where the last ones were taken off the stream (R-IN-03)
        log.info("looked ahead", waiting=position.waiting, seen=self._seen - after, taken=taken)
        return self._clock.now() if self._seen < position.published else None
