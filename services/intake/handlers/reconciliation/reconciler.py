"""Makes the runs of the reconciliation when they are due, in one replica at a time (guarantee 6)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import nats.errors
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.reconciliation import MOST_NAMES, STAGES, Stage, Tally, count_fates
from services.intake.handlers.reconciliation.books import Books
from services.intake.handlers.reconciliation.received import Received
from services.intake.store import reconciliation as store
from shared import metrics
from shared.bus.ask import Ask, UnansweredError
from shared.bus.position import Position
from shared.bus.read import Read
from shared.clock import Clock
from shared.events.commands.reconciliation import PAGE
from shared.ids import new_id
from shared.reconciliation import Accountant
from shared.service import Loop

LOOK_BACK: Final = timedelta(days=1)
"""How far the very first run looks back, and one that is asked for without a moment."""
LONGEST_RUN_SECONDS: Final = 3_600.0
PUT_OFF_SECONDS: Final = 300.0
LEAST_PAUSE_SECONDS: Final = 30.0
"""Real time between two runs, however fast a rehearsal clock runs."""
LEASE_SECONDS: Final = 20.0
"""How often a run says that it goes on."""
NAMED: Final = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the books are held against one another, and how young a contact may be to be in flight; real seconds."""

    period_seconds: float
    grace_seconds: float


class Reconciler:
    """Counts everything since the last run, names what is missing, and plans the next one."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        ask: Ask,
        read: Read,
        position: Callable[[], Awaitable[Position]],
        accountant: Accountant,
        pace: Pace,
    ) -> None:
        self.loop = Loop("reconciliation", self.turn, longest_sleep_seconds=10.0, patience_seconds=LONGEST_RUN_SECONDS)
        self._engine = engine
        self._clock = clock
        self._pace = pace
        self._accountant = accountant
        self._books = Books(ask, self._own_standing)
        self._received = Received(engine, read, position)
        self._speed = 3_600 / (clock.seconds_until(clock.now() + timedelta(hours=1)) or 3_600)
        self._leased_at = 0.0

    async def turn(self) -> datetime | None:
        """Make the run that is due, if nobody else does, and return when the next one is."""
        now = self._clock.now()
        async with self._engine.begin() as connection:
            await store.plan(connection, new_id(), store.HOURLY, now + self._period(), now - LOOK_BACK)
            run = await store.claim_run(connection, now)
            if run is None:
                return await store.next_run(connection)
        try:
            await self._make(run, now)
        except (UnansweredError, nats.errors.Error, OSError, TimeoutError) as error:
            await self._give_up(run, str(error))
        return self._clock.now()

    async def _make(self, run: store.Run, now: datetime) -> None:
        hourly = run.kind == store.HOURLY
        until = now - self._business(self._pace.grace_seconds) if hourly else now
        since = run.since or now - LOOK_BACK
        async with self._engine.connect() as connection:
            known = await store.open_differences(connection)
        names = [row["name"] for row in known if row["stage"] == "received"]
        # The stream knows real moments only; a run that goes on where the last one ended needs none.
        stored_since = None if run.sequence else datetime.now(UTC) - (now - since) / self._speed - timedelta(minutes=1)
        received, sequence = await self._received.tally(run.sequence, stored_since, names, lambda: self._go_on(run))
        tallies: dict[Stage, Tally] = {stage: Tally(stage) for stage in STAGES}
        tallies["received"] = received
        again = {row["contact_id"] for row in known if row["contact_id"]}
        suspects = await self._count(run, since, until, again, tallies)
        settled = not suspects or await self._books.settled()
        for start in range(0, len(suspects), PAGE):
            last = await self._books.fates(suspects[start : start + PAGE])
            count_fates(tallies, last, judged=settled)
        async with self._engine.connect() as connection:
            tallies["workorders"].in_flight += await store.registered_after(connection, until)
        result = _result(since, until, tallies, settled)
        if hourly and not settled:
            await self._put_off(run, result)
        else:
            await self._end(run, until, sequence, tallies, known, result)

    async def _count(
        self, run: store.Run, since: datetime, until: datetime, again: set[str], tallies: dict[Stage, Tally]
    ) -> list[str]:
        """Count every contact of the span whose fate is clear; return the ids of the others."""
        suspects = sorted(again)
        place = (since, "")
        while True:
            began = time.monotonic()
            await self._go_on(run)
            async with self._engine.connect() as connection:
                page = await store.registered_page(connection, place, until, PAGE)
            if not page:
                return suspects
            place = page[-1]
            told = await self._books.fates([contact_id for _, contact_id in page if contact_id not in again])
            suspects += [fate.contact_id for fate in told if fate.suspect]
            count_fates(tallies, [fate for fate in told if not fate.suspect], judged=True)
            await asyncio.sleep(time.monotonic() - began)  # half of the time is left to whoever works

    async def _end(
        self,
        run: store.Run,
        until: datetime,
        sequence: int,
        tallies: dict[Stage, Tally],
        known: Sequence[Any],
        result: dict[str, Any],
    ) -> None:
        now = self._clock.now()
        missing = [
            {"stage": stage, "name": name, "contact_id": contact_id, "run_id": run.id, "found_at": now}
            for stage, tally in tallies.items()
            for name, contact_id in sorted(tally.missing.items())[:MOST_NAMES]
        ]
        still = {(row["stage"], row["name"]) for row in missing}
        back = [
            (row["stage"], row["name"])
            for row in known
            if (row["stage"], row["name"]) not in still
            and (row["stage"] != "received" or row["name"] in tallies["received"].well)
        ]
        async with self._engine.begin() as connection:
            fresh = await store.keep_differences(connection, missing) if missing else set()
            if back:
                await store.settle_differences(connection, back, now, store.BACK, None)
            await store.end_run(connection, run.id, until, sequence, result)
            if run.kind == store.HOURLY:
                due_at = now + self._period()
                await store.plan(connection, new_id(), store.HOURLY, due_at, until, sequence)
        for stage, tally in tallies.items():
            metrics.RECONCILED.labels(stage).inc(tally.checked)
        _tell(run, tallies, fresh)

    async def _give_up(self, run: store.Run, why: str) -> None:
        """Make an hourly run later, where a service does not answer; one that was asked for ends with that."""
        log.warning("reconciliation unfinished", run=run.id, kind=run.kind, why=why)
        if run.kind == store.HOURLY:
            await self._put_off(run, {"unanswered": why})
            return
        async with self._engine.begin() as connection:
            await store.end_run(connection, run.id, None, run.sequence, {"unanswered": why})

    async def _put_off(self, run: store.Run, result: dict[str, Any]) -> None:
        due_at = self._clock.now() + self._business(min(PUT_OFF_SECONDS, self._pace.period_seconds))
        async with self._engine.begin() as connection:
            await store.put_off(connection, run.id, due_at, result)

    async def _own_standing(self) -> Any:
        async with self._engine.connect() as connection:
            return await self._accountant.standing(connection)

    async def _go_on(self, run: store.Run) -> None:
        """Say now and then that the run is in hand, so that no other replica takes it up."""
        if time.monotonic() - self._leased_at < LEASE_SECONDS:
            return
        self._leased_at = time.monotonic()
        async with self._engine.begin() as connection:
            await store.go_on(connection, run.id)

    def _period(self) -> timedelta:
        period = self._pace.period_seconds
        return max(timedelta(seconds=period), self._business(min(LEAST_PAUSE_SECONDS, period)))

    def _business(self, real_seconds: float) -> timedelta:
        """Return what passes on the clock of the business in so much real time."""
        return timedelta(seconds=real_seconds * self._speed)


async def show_last(engine: AsyncEngine, begun: datetime) -> None:
    """Refresh the gauges: what is missing still, and when an hourly run last ended; before any, when intake has `begun`."""
    async with engine.connect() as connection:
        counts = await store.count_differences(connection)
        last = await store.last_hourly(connection)
    for stage in STAGES:
        metrics.RECONCILIATION_DIFFERENCE.labels(stage).set(counts.get(stage, 0))
    metrics.RECONCILIATION_TIME.set((last["ended_at"] if last else begun).timestamp())


def _result(since: datetime, until: datetime, tallies: dict[Stage, Tally], settled: bool) -> dict[str, Any]:
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "settled": settled,
        "stages": [tallies[stage].to_json() for stage in STAGES],
    }


def _tell(run: store.Run, tallies: dict[Stage, Tally], fresh: set[tuple[str, str]]) -> None:
    for stage in STAGES:
        names = sorted(name for where, name in fresh if where == stage)
        if names:
            log.error("something is missing", stage=stage, count=len(names), ids=names[:NAMED], run=run.id)
    counts = {stage: tallies[stage].checked for stage in STAGES}
    log.info("reconciled", run=run.id, kind=run.kind, missing=len(fresh), **counts)
