"""The loop of the daily cut-off: what waited is handed to its department (R-RT-03)."""

from datetime import datetime, timedelta

import structlog

from services.routing import store
from services.routing.domain.handover import batches_of
from shared.bus.outbox import Outbox
from shared.ids import new_id

log = structlog.get_logger()


class HandOver:
    """Hands over what is due, each work order exactly once: its batch is written in the transaction that tells of it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def turn(self) -> datetime | None:
        """Hand over what is due; return the next cut-off that something waits for."""
        async with self._outbox.transaction() as tx:
            batches = batches_of(await store.claim_due(tx.connection, tx.now))
            await store.record_batches(tx.connection, {new_id(): batch for batch in batches}, tx.now)
            for batch in batches:
                tx.emit(batch, subject=batch.department)
                log.info("handed over", department=batch.department, work_orders=len(batch.work_order_ids))
            following = await store.next_cutoff(tx.connection)
        if following is not None and following <= tx.now:
            return tx.now + timedelta(seconds=1)  # another replica is at it
        return following
