"""Up to which moment the watch may judge: everything published before it has been applied (R-SLA-09).

A breach must not be declared while the answer that came in time waits in the queue. An empty queue would be proof
enough, but under load it is never empty, and breaches would be found only when the load is over. So the horizon asks
how far the stream reached at a moment, and that moment is settled as soon as the consumer's acknowledgement floor (all
up to there is acknowledged, that is committed) has passed it.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from shared.bus.position import Position
from shared.clock import Clock

_MOST_MARKS: Final = 64


class Horizon:
    """Remembers how far the stream reached when, until the consumer has come that far."""

    def __init__(self, clock: Clock, position: Callable[[], Awaitable[Position]]) -> None:
        self._clock = clock
        self._position = position
        self._marks: deque[tuple[datetime, int]] = deque()
        self._settled = datetime.min.replace(tzinfo=UTC)

    async def settled(self) -> datetime:
        """Return the latest moment known before which everything published has been applied and committed."""
        now = self._clock.now()  # before the question: what is published meanwhile may be missing in the answer
        position = await self._position()
        # "Nothing waits" settles earlier marks only: the server counts a message as pending a moment after it took it.
        while self._marks and (position.waiting == 0 or self._marks[0][1] <= position.applied):
            self._settled = max(self._settled, self._marks.popleft()[0])
        if position.applied >= position.published:
            self._settled = max(self._settled, now)
        elif len(self._marks) < _MOST_MARKS:
            self._marks.append((now, position.published))
        return self._settled
