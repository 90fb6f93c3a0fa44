"""The watch: finds what is due the moment it is due, in any number of replicas side by side (R-SLA-09, R-SLA-14)."""

import asyncio
import time
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.domain.clock import Clock, Decision
from services.sla.domain.due import watch
from services.sla.domain.policies import Policies
from services.sla.domain.renew import renew
from services.sla.handlers.actions import Actions
from services.sla.handlers.horizon import Horizon
from services.sla.store import clocks as store
from shared.bus.outbox import Outbox
from shared.clock import Clock as BusinessClock
from shared.service import Loop

BATCH = 500
POSTPONE_SECONDS = 0.05
"""Real time until the queue is asked again whether everything has been applied."""
COMMIT_SECONDS = 5.0
"""Real time after which the transaction of a handler has ended, so that the table shows what it announced."""


class Watch:
    """Turns whenever a clock's next moment comes; between them it sleeps."""

    def __init__(
        self,
        engine: AsyncEngine,
        outbox: Outbox,
        clock: BusinessClock,
        policies: Policies,
        horizon: Horizon,
        actions: Actions,
        batch: int = BATCH,
    ) -> None:
        self.loop = Loop("watch", self.turn, longest_sleep_seconds=COMMIT_SECONDS, oldest=self._oldest)
        self._engine = engine
        self._outbox = outbox
        self._clock = clock
        self._policies = policies
        self._horizon = horizon
        self._actions = actions
        self._batch = batch
        self._announced: dict[str, tuple[float, datetime]] = {}
        self._sleeps_until: datetime | None = None

    def expect(self, clock_id: str, at: datetime) -> None:
        """Turn by `at`, the next moment of a clock and the earliest of a transaction that is about to commit.

        The loop is woken where it does not turn by then anyway: what opens now is seldom due before all else.
        """
        self._announced[clock_id] = (time.monotonic(), at)
        if self._sleeps_until is None or at < self._sleeps_until:
            self.loop.wake.set()

    def forget(self, clock_id: str) -> None:
        """Do not wait any more for a clock that has ended; where that is undone, the table still shows it."""
        self._announced.pop(clock_id, None)

    async def turn(self) -> datetime | None:
        """Do what is due now and return when to look again; a moment that has passed means at once."""
        self._sleeps_until = None  # whatever is announced from now on may have been overlooked by this turn
        self._sleeps_until = await self._look()
        return self._sleeps_until

    async def _look(self) -> datetime | None:
        """Do what is due now and return when to look again.

        Warnings are given by the clock. A breach is declared only up to the horizon, before which all that was
        published has been applied and committed: the rows that are claimed afterwards show it (R-SLA-09: timestamps
        are compared, not polls). What lies between the horizon and the present is looked at again shortly.
        """
        now = self._clock.now()
        async with self._engine.connect() as connection:
            following = await store.next_moment(connection)
        if following is None or following > now:
            return await self._nothing_due(now, following)
        settled = await self._horizon.settled()
        claimed, following = await self._settle(now, settled)
        if following is None or following > now:
            return await self._nothing_due(now, following)
        if claimed == 0 or (claimed < self._batch and settled < now):
            # Breaches that wait for the queue, or clocks that another replica has in hand.
            await asyncio.sleep(POSTPONE_SECONDS)
        return now

    async def _oldest(self) -> datetime | None:
        async with self._engine.connect() as connection:
            return await store.next_moment(connection)

    async def _settle(self, now: datetime, settled: datetime) -> tuple[int, datetime | None]:
        """Decide one batch of what was due at `now`; return its size and the next moment of all clocks."""
        async with self._outbox.transaction() as tx:
            claimed = await store.claim(tx.connection, now, settled, self._batch)
            changed = []
            told = []
            for clock in claimed:
                self._announced.pop(clock.id, None)
                # Lateness is measured against the moment at which the decision is taken.
                decision = self._decide(clock, tx.now, settled)
                changed.append(decision.clock)
                for event in decision.events:
                    tx.emit(event, subject=clock.id, cause=clock.traceparent)
                    told.append((clock.owner, event))
            await self._actions.order(tx, told)
            await store.save_changes(tx.connection, changed)
            following = await store.next_moment(tx.connection)
        return len(claimed), following

    def _decide(self, clock: Clock, now: datetime, settled: datetime) -> Decision:
        """Compute the clock with the holidays known today, then do what is due by them (R-SLA-13)."""
        policy = self._policies.of(clock.policy_version)
        if clock.edition >= self._policies.edition or not self._policies.knows(clock.policy_version):
            return watch(clock, now, settled, policy)
        renewed = renew(clock, self._policies.edition, now, policy)
        due = watch(renewed.clock, now, settled, policy)
        return Decision(due.clock, (*renewed.events, *due.events))

    async def _nothing_due(self, now: datetime, following: datetime | None) -> datetime | None:
        """Return the next moment: that in the table, or an earlier one that a handler announced and has not committed."""
        lately = time.monotonic() - COMMIT_SECONDS
        self._announced = {key: told for key, told in self._announced.items() if told[0] > lately}
        moments = [at for _, at in self._announced.values()]
        if moments and min(moments) <= now:
            await asyncio.sleep(POSTPONE_SECONDS)
            return now
        return min([*moments, following] if following is not None else moments, default=None)
