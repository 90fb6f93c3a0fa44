"""No faster than those behind can follow: who takes in slows down while the consumers of what it tells are far behind.

Otherwise the queue of a flood moves from the first stream, where an emergency can be found in it, into the second, where
everybody's next step waits in it; and everything takes its turns on the same processors.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import nats.errors
from nats.aio.client import Client

from shared.bus.streams import Stream

FAR_BEHIND: Final = 250
"""Messages that a consumer has not got yet, besides those that it has in hand: half a batch more, so that it never idles."""
LOOK_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 2.0
"""How long one batch waits at most: it is slowed down, never stopped."""
STANDING_SECONDS: Final = 5.0
"""A consumer that has acknowledged nothing for so long is not waited for: it is away, and its work waits on the stream."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How much a consumer has still to get, and what it has acknowledged."""

    waiting: int
    applied: int


Lags = Callable[[], Awaitable[Mapping[str, Lag]]]


def lags_of(client: Client, stream: Stream) -> Lags:
    """Return a question for the lag of every durable consumer of `stream`, by its name; it raises as nats-py does."""

    async def ask() -> Mapping[str, Lag]:
        return {
            info.name: Lag(info.num_pending or 0, info.ack_floor.stream_seq if info.ack_floor else 0)
            for info in await client.jetstream().consumers_info(stream.name)
            if info.config.durable_name
        }

    return ask


class Pace:
    """Waits, before a batch of a long queue, until nobody is far behind."""

    def __init__(self, lags: Lags, now: Callable[[], float] = time.monotonic) -> None:
        self._lags = lags
        self._now = now
        self._moved: dict[str, tuple[int, float]] = {}

    async def wait(self) -> None:
        """Return when every consumer that gets on is near, after 2 s at the latest, or where the server cannot tell."""
        until = self._now() + LONGEST_SECONDS
        while self._now() < until:
            try:
                lags = await self._lags()
            except (nats.errors.Error, OSError, TimeoutError):
                return
            if not self._anybody_far(lags):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _anybody_far(self, lags: Mapping[str, Lag]) -> bool:
        now = self._now()
        for name, lag in lags.items():
            applied, _ = self._moved.get(name, (-1, now))
            if lag.applied != applied or lag.waiting <= FAR_BEHIND:
                self._moved[name] = (lag.applied, now)
        return any(
            lag.waiting > FAR_BEHIND and now - self._moved[name][1] < STANDING_SECONDS for name, lag in lags.items()
        )
