"""Up to which moment the watch may judge: everything that happened before it has been applied (R-SLA-09).

A breach must not be declared while the answer that came in time is still on its way: in a transaction that was stamped
and not yet published, or in the queue. So the horizon waits a moment (`IN_FLIGHT_SECONDS`, real time) until what was
stamped is published, then asks how far the stream reaches, and the moment is settled as soon as the consumer's
acknowledgement floor (all up to there is acknowledged, that is committed) has passed that place. An empty queue would be
proof enough, but under load it is never empty, and breaches would be found only when the load is over.

A service that crashed between its commit and its publication holds an answer back for as long as it is away. While an
outbox shows such a row, nothing is judged that lies behind it (ADR 0024).
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.bus.position import Position
from shared.clock import Clock

IN_FLIGHT_SECONDS: Final = 0.3
"""How long a service takes at most, unless it crashes, from noting the time of an event to its publication: commands
take some ten milliseconds, the largest batches under load about two hundred."""
_MOST_MARKS: Final = 64
_SECOND: Final = timedelta(seconds=1)


async def _nothing() -> float | None:
    return None


class Horizon:
    """Remembers how far the stream reached when, until the consumer has come that far."""

    def __init__(
        self,
        clock: Clock,
        position: Callable[[], Awaitable[Position]],
        in_flight_seconds: float = IN_FLIGHT_SECONDS,
        real_time: Callable[[], float] = time.monotonic,
        unsent: Callable[[], Awaitable[float | None]] = _nothing,
    ) -> None:
        """`unsent` tells the age of what a crash has left unpublished, in real seconds, None where there is nothing."""
        self._clock = clock
        self._unsent = unsent
        self._position = position
        self._in_flight = in_flight_seconds
        self._real_time = real_time
        self._young: deque[tuple[datetime, float]] = deque()
        self._marks: deque[tuple[datetime, int]] = deque()
        self._settled = datetime.min.replace(tzinfo=UTC)

    async def settled(self) -> datetime:
        """Return the latest moment known before which everything that happened has been applied and committed."""
        unsent = await self._unsent()  # before all else: what is published from now on is seen by the next question
        settled = await self._applied()
        if unsent is None:
            return settled
        real = (unsent + self._in_flight) / self._clock.seconds_until(self._clock.now() + _SECOND)
        return min(settled, self._clock.now() - timedelta(seconds=real))

    async def _applied(self) -> datetime:
        """Return the latest moment known before which everything that was published has been applied and committed."""
        ripe = self._ripe()  # before the question: what is published meanwhile may be missing in the answer
        position = await self._position()
        # "Nothing waits" settles earlier marks only: the server counts a message as pending a moment after it took it.
        while self._marks and (position.waiting == 0 or self._marks[0][1] <= position.applied):
            self._settled = max(self._settled, self._marks.popleft()[0])
        if ripe is None:
            return self._settled
        if position.applied >= position.published:
            self._settled = max(self._settled, ripe)
        elif len(self._marks) < _MOST_MARKS:
            self._marks.append((ripe, position.published))
        return self._settled

    def _ripe(self) -> datetime | None:
        """Note the present moment; return the latest one so long ago that what was stamped before it is published."""
        real = self._real_time()
        self._young.append((self._clock.now(), real))
        ripe: datetime | None = None
        while self._young and self._young[0][1] <= real - self._in_flight:
            ripe = self._young.popleft()[0]
        return ripe
