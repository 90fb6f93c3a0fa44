"""The transactional outbox: events are written with the state that they tell of and published after the commit.

Guarantee: what a committed transaction emitted is published at least once, also after a crash; the `Nats-Msg-Id`
and the consumers' inboxes make one effect of it. Rows are kept so that `yingda replay` can refill a lost bus.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

import structlog
from sqlalchemy import ARRAY, Table, Text, Update, any_, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import metrics
from shared.bus.deadletters import keep
from shared.bus.observe import observe
from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.tables import RuntimeTables
from shared.bus.transaction import Transaction, outbox_rows
from shared.clock import Clock
from shared.db import insert_rows

RELAY_AFTER_SECONDS = 2
"""An event still unsent after this long was left by a crash or an outage; the relay of any replica takes it."""
RELAY_BATCH = 500
MARK_TOGETHER = 50
"""Fewer published events than this are marked by the relay, once a second: a lone event does not pay a statement for it."""
LARGEST_BODY = 990_000
"""Bytes of one event; the stream takes 1,000,000 with the headers."""

log = structlog.get_logger()


class EventTooLargeError(Exception):
    """An event is larger than the stream takes."""


class Outbox:
    """Runs the transactions of one service and publishes what they emit."""

    def __init__(
        self, service: str, engine: AsyncEngine, tables: RuntimeTables, clock: Clock, publisher: Publisher
    ) -> None:
        self.service = service
        self.tables = tables
        self._engine = engine
        self._clock = clock
        self._publisher = publisher
        self._sent: list[str] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Yield a unit of work; on leaving, what it emitted is committed with it and then published.

        An error inside rolls everything back. A failing publish is not an error: the relay repeats it.
        """
        sent: list[str] = []
        if len(self._sent) >= MARK_TOGETHER:
            sent, self._sent = self._sent, sent
        try:
            async with self._engine.begin() as connection:
                tx = Transaction(connection, self._clock.now(), f"yingda/{self.service}")
                yield tx
                outgoing = tx.outgoing()
                _refuse_too_large(outgoing)
                await keep(connection, self.tables.dead_letters, tx.rejected)
                await insert_rows(connection, self.tables.outbox, outbox_rows(outgoing))
                await self._mark_sent(connection, sent)
        except BaseException:
            self._sent.extend(sent)
            raise
        for call in tx.committed:
            call()
        observe(self.service, tx)
        if outgoing:
            await self._publish(outgoing)

    async def relay(self) -> int:
        """Publish what has waited too long; return how many events that were, none where the server refuses them.

        Rows are claimed by their state, never by their id: a transaction that commits late has a low id.
        """
        sent, self._sent = self._sent, []
        outbox = self.tables.outbox
        stale = (
            select(outbox.c.message_id, outbox.c.subject, outbox.c.body)
            .where(outbox.c.sent_at.is_(None))
            .where(outbox.c.created_at < func.clock_timestamp() - text(f"interval '{RELAY_AFTER_SECONDS} seconds'"))
            .order_by(outbox.c.id)
            .limit(RELAY_BATCH)
            .with_for_update(skip_locked=True)
        )
        try:
            async with self._engine.begin() as connection:
                await self._mark_sent(connection, sent)
                rows = (await connection.execute(stale)).all()
                left = [Outgoing(row.message_id, row.subject, row.body) for row in rows]
                published = bool(left) and await self._publish(left)
                if published:
                    done = [message.message_id for message in left]
                    await self._mark_sent(connection, done)
        except BaseException:
            self._sent.extend(sent)
            raise
        if published:
            self._sent = [message_id for message_id in self._sent if message_id not in set(done)]
        return len(left) if published else 0

    async def _publish(self, outgoing: Sequence[Outgoing]) -> bool:
        try:
            way = await self._publisher.publish(outgoing)
        except PublishError as error:
            log.warning("events will be published later", service=self.service, events=len(outgoing), why=str(error))
            return False
        metrics.OUTBOX_PUBLISHED.labels(self.service, way).inc(len(outgoing))
        self._sent.extend(message.message_id for message in outgoing)
        return True

    async def _mark_sent(self, connection: AsyncConnection, message_ids: Sequence[str]) -> None:
        if not message_ids:
            return
        await connection.execute(_mark(self.tables.outbox), {"ids": list(message_ids)})


@cache
def _mark(outbox: Table) -> Update:
    """Return the statement that marks events as sent; made once, as it is wanted for every batch."""
    ids = bindparam("ids", type_=ARRAY(Text))
    return update(outbox).where(outbox.c.message_id == any_(ids)).values(sent_at=func.clock_timestamp())


def _refuse_too_large(outgoing: Sequence[Outgoing]) -> None:
    """Raise before the commit for an event that can never be sent: it would hold up all others."""
    if any(len(event.body) > LARGEST_BODY for event in outgoing):
        raise EventTooLargeError
