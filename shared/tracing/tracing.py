"""The tracing of one service: what it commits becomes spans; whatever goes wrong here stays here."""

import asyncio

import structlog

from shared.bus.transaction import Transaction
from shared.tracing.queue import StepQueue
from shared.tracing.sampling import Sampled
from shared.tracing.steps import steps_of

LAST_SECONDS = 1.0
"""How long a service that stops waits for the collector to take the last spans."""

log = structlog.get_logger()


class Tracing:
    """Takes note of every committed transaction; `sampled` decides for each contact where it comes in."""

    def __init__(self, queue: StepQueue, sampled: Sampled | None) -> None:
        self.sampled = sampled
        self._queue = queue
        self._failed = False

    def committed(self, tx: Transaction) -> None:
        """Record what `tx` has sent; never raises and never waits."""
        try:
            self._queue.put(steps_of(tx))
        except Exception as error:  # noqa: BLE001 (what is committed is published, whatever tracing thinks of it)
            if not self._failed:
                self._failed = True
                log.warning("some spans are not recorded", why=type(error).__name__)

    async def stop(self) -> None:
        """Give the collector a moment to take what waits."""
        await asyncio.to_thread(self._queue.stop, LAST_SECONDS)
