"""The loop that computes due times anew when the holiday data has changed (R-SLA-13)."""

from datetime import datetime
from typing import Final

import structlog

from services.sla.domain.policies import Policies
from services.sla.domain.renew import renew
from services.sla.store import clocks as store
from shared.bus.outbox import Outbox
from shared.service import Loop

BATCH: Final = 500

log = structlog.get_logger()


class Renewal:
    """Passes once, after the start, over the clocks that older data had computed; each is moved once, whoever finds it.

    Whatever an event or the watch takes up before is renewed there, so that no clock is judged by outdated holidays.
    """

    def __init__(self, outbox: Outbox, policies: Policies, batch: int = BATCH) -> None:
        self.loop = Loop("renewal", self.turn)
        self._outbox = outbox
        self._policies = policies
        self._batch = batch
        self._after = ""
        self._done = policies.edition == 1  # there is no older data

    async def turn(self) -> datetime | None:
        """Renew one batch; a moment in the past where there may be more, None where all is done."""
        if self._done:
            return None
        async with self._outbox.transaction() as tx:
            found = await store.outdated(tx.connection, self._policies.edition, self._after, self._batch)
            changed = []
            for clock in found:
                if not self._policies.knows(clock.policy_version):
                    continue
                decision = renew(clock, self._policies.edition, tx.now, self._policies.of(clock.policy_version))
                changed.append(decision.clock)
                for event in decision.events:
                    tx.emit(event, subject=clock.id, cause=clock.traceparent)
            await store.save_changes(tx.connection, changed)
        if found:
            self._after = found[-1].id
            log.info("deadlines computed with newer holidays", clocks=len(changed))
        self._done = len(found) < self._batch
        return None if self._done else tx.now
