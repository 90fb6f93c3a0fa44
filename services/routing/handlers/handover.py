"""The loop of the daily cut-off: what waited is handed to its department (R-RT-03)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from services.routing import store
from services.routing.domain.handover import batches_of
from services.routing.handlers.distribution import Distribution, emit_steps
from shared.bus.outbox import Outbox
from shared.bus.transaction import Transaction
from shared.ids import new_id

_COMMITTED_BY_SECONDS = 1.0

log = structlog.get_logger()


class HandOver:
    """Hands over what is due, each work order exactly once: its batch is written in the transaction that tells of it."""

    def __init__(self, outbox: Outbox, distribution: Distribution, wake: asyncio.Event) -> None:
        self._outbox = outbox
        self._distribution = distribution
        self._wake = wake
        self._expected: datetime | None = None

    def expect(self, cutoff_at: datetime) -> None:
        """Turn at `cutoff_at`, for which a transaction still in hand lets something wait.

        The loop is woken where it does not turn by then anyway: nearly every batch has something that waits for the
        same moment.
        """
        if self._expected is None or cutoff_at < self._expected:
            self._expected = cutoff_at
            self._wake.set()

    async def turn(self) -> datetime | None:
        """Hand over what is due; return the next cut-off that something waits for."""
        async with self._outbox.transaction() as tx:
            due = await store.claim_due(tx.connection, tx.now)
            batches = batches_of(due)
            await store.record_batches(tx.connection, {new_id(): batch for batch in batches}, tx.now)
            for batch in batches:
                tx.emit(batch, subject=batch.department)
                log.info("handed over", department=batch.department, work_orders=len(batch.work_order_ids))
            await self._give_out(tx, [one.id for one in due])
            following = await store.next_cutoff(tx.connection)
        if self._expected is not None and self._expected <= tx.now:
            self._expected = None  # who let something wait for it may not have committed yet: it is looked at once more
            asyncio.get_running_loop().call_later(_COMMITTED_BY_SECONDS, self._wake.set)
        if following is not None and following <= tx.now:
            return tx.now + timedelta(seconds=1)  # another replica is at it
        return min((moment for moment in (following, self._expected) if moment is not None), default=None)

    async def _give_out(self, tx: Transaction, ids: Sequence[str]) -> None:
        """Give to people what was just handed over; until now it waited, and was nobody's (R-RT-08)."""
        waited = await store.load(tx.connection, ids) if ids else {}
        given = await self._distribution.settle(tx, [one for one in waited.values() if one.assignee is None])
        for decided in given.values():
            emit_steps(tx, decided)
        if given:
            events = [event for decided in given.values() for event in decided.events]
            await store.save(tx.connection, [decided.work_order for decided in given.values()], events, tx.now)
