"""The transactional outbox: events are written with the state that they tell of and published after the commit.

Guarantee: what a committed transaction emitted is published at least once, also after a crash; the `Nats-Msg-Id`
and the consumers' inboxes and versions make one effect of it. Rows are kept so that `yingda replay` can refill a lost bus.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache

import structlog
from sqlalchemy import ARRAY, BigInteger, Select, Table, any_, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import metrics
from shared.bus.deadletters import keep
from shared.bus.line import Line, Place
from shared.bus.observe import observe
from shared.bus.packing import packed, unpacked
from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.tables import RuntimeTables
from shared.bus.transaction import Transaction
from shared.clock import Clock
from shared.db import Prepared, fetch
from shared.tracing import Tracing

RELAY_AFTER_SECONDS = 2
"""What is still unsent after this long was left by a crash or an outage; the relay of any replica takes it."""
RELAY_BATCH = 8
"""Rows, each up to one atomic batch of the server."""
LARGEST_BODY = 990_000
"""Bytes of one event; the stream takes 1,000,000 with the headers."""

log = structlog.get_logger()


class EventTooLargeError(Exception):
    """An event is larger than the stream takes."""


class Outbox:
    """Runs the transactions of one service and publishes what they emit."""

    def __init__(
        self,
        service: str,
        engine: AsyncEngine,
        tables: RuntimeTables,
        clock: Clock,
        publisher: Publisher,
        tracing: Tracing | None = None,
    ) -> None:
        self.service = service
        self.sampled = tracing.sampled if tracing is not None else None
        """Returns the trace of a contact with the decision whether it is recorded; None where all are left as they are."""
        self._tracing = tracing
        self.tables = tables
        self._engine = engine
        self._clock = clock
        self._publisher = publisher
        self._sent: list[int] = []
        self._line = Line(self._send)

    @property
    def behind(self) -> bool:
        """Whether the relay has to publish something before this process may publish directly again."""
        return self._line.behind

    def fall_behind(self) -> None:
        """Let the relay publish first whatever is unsent, as at a start; until then nothing is published directly."""
        self._line.fall_behind()

    def when_behind(self, call: Callable[[], None]) -> None:
        """Call `call` whenever the relay is to turn at once."""
        self._line.on_behind = call

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Yield a unit of work; on leaving, what it emitted is committed with it and then published.

        An error inside rolls everything back. A failing publish is not an error: the relay repeats it.
        """
        place: Place | None = None
        try:
            async with self._engine.begin() as connection:
                tx = Transaction(connection, self._clock.now(), f"yingda/{self.service}")
                yield tx
                outgoing = tx.outgoing()
                _refuse_too_large(outgoing)
                tx.rejected = await keep(connection, self.tables.dead_letters, tx.rejected)
                rows = await tx.write((self.tables.outbox, list(packed(outgoing))), returning="id")
                if rows:
                    place = self._line.enter([row.id for row in rows], outgoing)
        except BaseException:
            if place is not None:
                self._line.lose(place)
            raise
        try:
            for call in tx.committed:
                call()
            observe(self.service, tx)
            if self._tracing is not None:
                self._tracing.committed(tx)
        finally:  # whatever a call raises: what is committed is published, and nobody behind it in the line waits for it
            if place is not None:
                await self._line.publish(place)

    async def relay(self) -> int:
        """Mark what was published since the last turn, and publish what has waited too long; return how many events.

        None where the server refuses them. Rows are claimed by their state, never by their id: a transaction that
        commits late has a low id. A process that is behind waits for nothing and publishes whatever is unsent, in
        the order of the rows, before it publishes directly again.
        """
        if not self._line.behind:
            found, published = await self._relay(_stale(self.tables.outbox))
            return found if published else 0
        async with self._line.halted() as caught_up:
            found, published = await self._relay(_unsent(self.tables.outbox))
            if not found:
                caught_up()
            return found if published else 0

    async def _relay(self, which: Prepared) -> tuple[int, bool]:
        """Publish the rows of `which`; return how many events they held, and whether they are on the stream now."""
        sent, self._sent = self._sent, []
        try:
            async with self._engine.begin() as connection:
                await self._mark_sent(connection, sent)
                rows = await fetch(connection, which)
                left = [event for row in rows for event in unpacked(row.body)]
                published = await self._publish(left)
                if published:
                    await self._mark_sent(connection, [row.id for row in rows])
        except BaseException:
            self._sent.extend(sent)
            raise
        return len(left), published

    async def _send(self, places: Sequence[Place]) -> bool:
        """Publish what stands in the line; it is marked as sent by the relay's next turn."""
        published = await self._publish([event for place in places for event in place.outgoing])
        if published:
            self._sent.extend(row for place in places for row in place.rows)
        return published

    async def _publish(self, outgoing: Sequence[Outgoing]) -> bool:
        """Return whether there was something to publish and all of it is on the stream."""
        if not outgoing:
            return False
        try:
            way = await self._publisher.publish(outgoing)
        except PublishError as error:
            log.warning("events will be published later", service=self.service, events=len(outgoing), why=str(error))
            return False
        metrics.OUTBOX_PUBLISHED.labels(self.service, way).inc(len(outgoing))
        return True

    async def _mark_sent(self, connection: AsyncConnection, rows: Sequence[int]) -> None:
        if rows:
            await fetch(connection, _mark(self.tables.outbox), {"ids": list(rows)})


@cache
def _unsent(outbox: Table) -> Prepared:
    """Return the statement that claims what is not marked as sent, in the order in which it was written."""
    return Prepared(_claim(outbox))


@cache
def _stale(outbox: Table) -> Prepared:
    """Return the statement that claims what has waited too long."""
    old = outbox.c.created_at < func.clock_timestamp() - text(f"interval '{RELAY_AFTER_SECONDS} seconds'")
    return Prepared(_claim(outbox).where(old))


def _claim(outbox: Table) -> Select[tuple[int, bytes]]:
    return (
        select(outbox.c.id, outbox.c.body)
        .where(outbox.c.sent_at.is_(None))
        .order_by(outbox.c.id)
        .limit(RELAY_BATCH)
        .with_for_update(skip_locked=True)
    )


@cache
def _mark(outbox: Table) -> Prepared:
    """Return the statement that marks rows as sent."""
    ids = bindparam("ids", type_=ARRAY(BigInteger))
    return Prepared(update(outbox).where(outbox.c.id == any_(ids)).values(sent_at=func.clock_timestamp()))


def _refuse_too_large(outgoing: Sequence[Outgoing]) -> None:
    """Raise before the commit for an event that can never be sent: it would hold up all others."""
    if any(len(event.body) > LARGEST_BODY for event in outgoing):
        raise EventTooLargeError
