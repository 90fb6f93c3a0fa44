"""The path of a batch: validate each message, one transaction, one atomic publish, then the acknowledgement.

A message has its effect exactly once: the inbox is written in the same transaction as the effect, so a redelivery,
a second replica or a repeated publish changes nothing. A batch that fails for a reason of its own is halved until
the poison message is alone in the dead letters; one that fails because a server is away is repeated in place.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from nats.aio.msg import Msg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared import metrics
from shared.bus.ordering import in_order
from shared.bus.outbox import Outbox
from shared.bus.transaction import Delivery, Incoming, Rejected, Transaction
from shared.db import insert_rows
from shared.events import Malformed, Message, decode, decode_event

BatchHandler = Callable[[Transaction, Sequence[Incoming]], Awaitable[None]]
RejectHandler = Callable[[Transaction, Sequence[Rejected]], Awaitable[None]]

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)  # each well below the time after which the server redelivers
NAK_SECONDS = 2.0
TRANSIENT_CLASSES = ("08", "40", "53", "55", "57", "58")
"""SQLSTATE classes that tell of the server and not of the data: connection, rollback, resources, locks, operator."""

log = structlog.get_logger()


class Stopping(Exception):
    """The service stops; the batch in hand goes back to the server."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The validated part of a batch and what could not be read in it."""

    incoming: tuple[Incoming, ...]
    rejected: tuple[Rejected, ...]

    def halves(self) -> tuple["Batch", "Batch"]:
        """Return the batch in two halves, the unreadable part with the first."""
        middle = len(self.incoming) // 2
        return Batch(self.incoming[:middle], self.rejected), Batch(self.incoming[middle:], ())


class BatchRuntime:
    """Takes the batches of one service's consumer along their path."""

    def __init__(
        self,
        outbox: Outbox,
        handler: BatchHandler,
        *,
        raw: bool = False,
        on_rejected: RejectHandler | None = None,
    ) -> None:
        self.stopping = asyncio.Event()
        self._outbox = outbox
        self._service = outbox.service
        self._handler = handler
        self._on_rejected = on_rejected
        self._decode: Callable[[bytes], Message[Any] | None] = decode if raw else decode_event

    async def process(self, messages: Sequence[Msg]) -> None:
        """Process `messages` and acknowledge them; where the service stops before, they go back with a delay."""
        began = time.perf_counter()
        batch = self._validate(messages)
        try:
            await self._apply(batch, messages)
        except Stopping:
            for message in messages:
                await message.nak(delay=NAK_SECONDS)
            return
        for message in messages:
            await message.ack()
        metrics.BATCH_MESSAGES.labels(self._service).observe(len(messages))
        metrics.BATCH_SECONDS.labels(self._service).observe(time.perf_counter() - began)

    def _validate(self, messages: Sequence[Msg]) -> Batch:
        incoming: list[Incoming] = []
        rejected: list[Rejected] = []
        for raw in messages:
            place = raw.metadata
            delivery = Delivery(place.stream, place.sequence.stream, raw.subject, raw.data)
            try:
                message = self._decode(raw.data)
            except Malformed as error:
                rejected.append(Rejected(delivery, error.reason, error.faults, error.source_id))
                continue
            if message is not None:
                incoming.append(Incoming(message, delivery))
        return Batch(tuple(incoming), tuple(rejected))

    async def _apply(self, batch: Batch, messages: Sequence[Msg]) -> None:
        """Apply `batch` in one transaction; halve it where it fails for a reason of its own."""
        attempt = 0
        while True:
            try:
                await self._transact(batch)
            except Exception as error:  # noqa: BLE001 (whatever a handler raises must not lose the message)
                if is_transient(error):
                    await self._wait(attempt, error, messages)
                    attempt += 1
                    continue
                if len(batch.incoming) <= 1:
                    await self._bury(batch, error, messages)
                    return
                log.warning(
                    "batch halved", service=self._service, messages=len(batch.incoming), why=type(error).__name__
                )
                for half in batch.halves():
                    await self._apply(half, messages)
            return

    async def _transact(self, batch: Batch) -> None:
        async with self._outbox.transaction() as tx:
            fresh = await self._fresh(tx, batch.incoming)
            ready = await in_order(tx.connection, self._outbox.tables, fresh)
            if ready:
                await self._handler(tx, ready)
            if batch.rejected:
                tx.rejected.extend(batch.rejected)
                if self._on_rejected is not None:
                    await self._on_rejected(tx, batch.rejected)
        metrics.MESSAGES.labels(self._service, "applied").inc(len(fresh))
        metrics.MESSAGES.labels(self._service, "duplicate").inc(len(batch.incoming) - len(fresh))
        metrics.MESSAGES.labels(self._service, "rejected").inc(len(tx.rejected))

    async def _fresh(self, tx: Transaction, incoming: Sequence[Incoming]) -> list[Incoming]:
        """Write the inbox; return those that were not in it, each once, in their order."""
        by_key = {item.message.key: item for item in reversed(incoming)}
        rows = [{"message_id": key} for key in sorted(by_key)]
        written = await insert_rows(
            tx.connection, self._outbox.tables.inbox, rows, ignore_conflicts=True, returning=("message_id",)
        )
        fresh = {row.message_id for row in written}
        return [item for item in incoming if item.message.key in fresh and by_key[item.message.key] is item]

    async def _bury(self, batch: Batch, error: Exception, messages: Sequence[Msg]) -> None:
        """Put the one message of `batch` into the dead letters with the reason why it cannot be handled."""
        if not batch.incoming:
            raise error  # not a message's fault: it stays unacknowledged and comes again
        item = batch.incoming[0]
        log.error("dead letter", service=self._service, message=item.message.key, exc_info=error)
        await self._apply(Batch((), (*batch.rejected, _poisoned(item, error))), messages)

    async def _wait(self, attempt: int, error: Exception, messages: Sequence[Msg]) -> None:
        """Wait before the next attempt and keep the messages ours; `Stopping` where the service stops meanwhile."""
        log.warning(
            "batch repeated", service=self._service, attempt=attempt + 1, why=f"{type(error).__name__}: {error}"[:300]
        )
        pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
        try:
            async with asyncio.timeout(pause):
                await self.stopping.wait()
        except TimeoutError:
            for message in messages:
                await message.in_progress()
            return
        raise Stopping


def is_transient(error: BaseException) -> bool:
    """Return whether `error` tells of a server that is away or busy, so that the same work can succeed later."""
    if isinstance(error, PoolTimeoutError | OSError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or state is None or state[:2] in TRANSIENT_CLASSES


def _poisoned(item: Incoming, error: Exception) -> Rejected:
    """Return `item` for the dead letters; what a database says of it may quote personal values and is not told."""
    said = "" if isinstance(error, DBAPIError) else next(iter(str(error).splitlines()), "")
    kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    reason = f"the handler failed: {kind}: {said}" if said else f"the handler failed: {kind}"
    return Rejected(item.delivery, reason[:500].replace("\0", ""), (), item.message.key)
