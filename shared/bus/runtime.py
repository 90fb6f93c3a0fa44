"""The path of a batch: validate each message, one transaction, one atomic publish, then the acknowledgement.

A message has its effect exactly once: the inbox, or the version of its work order, is written in the same transaction as
the effect, so a redelivery, a second replica or a repeated publish changes nothing. A batch that fails for a reason of
its own is halved until the poison message is alone in the dead letters; one that fails because a server is away is
repeated in place.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from nats.aio.msg import Msg

from shared import metrics
from shared.bus.deadletters import unkept
from shared.bus.failures import is_transient, poisoned, told
from shared.bus.ordering import ContendedError, has_version, in_order, next_parked
from shared.bus.outbox import Outbox
from shared.bus.read import Stored
from shared.bus.transaction import Delivery, Incoming, Rejected, Transaction
from shared.bus.wire import acknowledge, trace_in
from shared.db import insert_rows
from shared.events import Malformed, Message, decode, decode_event
from shared.values import replace

BatchHandler = Callable[[Transaction, Sequence[Incoming]], Awaitable[None]]
Concerns = Callable[[Any], bool]
"""Whether an event that the service consumes can mean anything to it; one that cannot is acknowledged and forgotten."""
RejectHandler = Callable[[Transaction, Sequence[Rejected]], Awaitable[None]]

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)  # each well below the time after which the server redelivers

log = structlog.get_logger()


class Stopping(Exception):
    """The service stops; the batch in hand goes back to the server."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The validated part of a batch and what could not be read in it."""

    incoming: tuple[Incoming, ...]
    rejected: tuple[Rejected, ...]
    since: int = field(default_factory=time.time_ns)
    """When it arrived, in nanoseconds since 1970."""

    @property
    def size(self) -> int:
        """How many messages it holds."""
        return len(self.incoming) + len(self.rejected)

    def halves(self) -> tuple["Batch", "Batch"]:
        """Return the batch in two: what cannot be read apart from the rest, so that it drags nothing down; else halves."""
        if self.rejected and self.incoming:
            return Batch(self.incoming, (), self.since), Batch((), self.rejected, self.since)
        messages, letters = len(self.incoming) // 2, len(self.rejected) // 2
        return (
            Batch(self.incoming[:messages], self.rejected[:letters], self.since),
            Batch(self.incoming[messages:], self.rejected[letters:], self.since),
        )


class BatchRuntime:
    """Takes the batches of one service's consumer along their path."""

    def __init__(
        self,
        outbox: Outbox,
        handler: BatchHandler,
        *,
        raw: bool = False,
        on_rejected: RejectHandler | None = None,
        concerns: Concerns | None = None,
    ) -> None:
        self.stopping = asyncio.Event()
        self._outbox = outbox
        self._service = outbox.service
        self._handler = handler
        self._on_rejected = on_rejected
        self._concerns = concerns
        self._decode: Callable[[bytes, str | None], Message[Any] | None] = decode if raw else decode_event
        self._sampled = outbox.sampled if raw else None

    async def process(self, messages: Sequence[Msg]) -> None:
        """Process `messages` and acknowledge them; where the service stops before, others get them at once."""
        began = time.perf_counter()
        batch = self._validate(messages)
        try:
            await self._apply(batch, messages)
        except (Stopping, asyncio.CancelledError) as stop:
            for message in messages:
                await message.nak()  # without a delay: this happens once, and whoever goes on need not wait
            if isinstance(stop, asyncio.CancelledError):
                raise
            return
        except Exception as error:
            log.error("batch comes again", service=self._service, messages=len(messages), **told(error))  # noqa: TRY400 (no words of the error)
            raise
        await acknowledge(messages)
        metrics.BATCH_MESSAGES.labels(self._service).observe(len(messages))
        metrics.BATCH_SECONDS.labels(self._service).observe(time.perf_counter() - began)

    async def ahead(self, stream: str, stored: Sequence[Stored]) -> None:
        """Apply messages before their turn; when that comes they are known. What cannot be read waits for it."""
        incoming: list[Incoming] = []
        for one in stored:
            with suppress(Malformed):
                message = self._read(one.body, one.trace)
                if message is not None:
                    incoming.append(Incoming(message, Delivery(stream, one.sequence, one.subject, one.body)))
        if incoming:
            with suppress(Stopping):
                await self._apply(Batch(tuple(incoming), ()), ())

    def _read(self, body: bytes, trace: str | None) -> Message[Any] | None:
        message = self._decode(body, trace)
        if self._sampled is not None and message is not None:
            message = replace(message, trace=self._sampled(message))
        return message

    def _validate(self, messages: Sequence[Msg]) -> Batch:
        incoming: list[Incoming] = []
        rejected: list[Rejected] = []
        for raw in messages:
            delivery = Delivery.of(raw)
            try:
                message = self._read(raw.data, trace_in(raw))
            except Malformed as error:
                rejected.append(Rejected(delivery, error.reason, error.faults, error.source_id))
                continue
            if message is not None and (self._concerns is None or self._concerns(message.data)):
                incoming.append(Incoming(message, delivery))
        return Batch(tuple(incoming), tuple(rejected))

    async def _apply(self, batch: Batch, messages: Sequence[Msg]) -> None:
        """Apply `batch` in one transaction; halve it where it fails for a reason of its own."""
        if not batch.size:
            return
        error = await self._attempt(lambda: self._transact(batch), messages)
        if error is None:
            return
        if batch.size > 1:
            log.warning("batch halved", service=self._service, messages=batch.size, **told(error))
            for half in batch.halves():
                await self._apply(half, messages)
        elif batch.rejected:
            log.error("dead letter without its event", service=self._service, **told(error))
            await self._must(lambda: self._transact(batch, tell=False), messages)
        else:
            await self._alone(batch.incoming[0], error, messages)

    async def _alone(self, item: Incoming, error: Exception, messages: Sequence[Msg]) -> None:
        """Settle one message whose batch failed: it may be its own fault or that of an event parked behind it."""
        batch = Batch((item,), ())
        own = await self._attempt(lambda: self._transact(batch, release=False), messages)
        if own is not None:
            log.error("dead letter", service=self._service, **_named(item), **told(own))
            await self._apply(Batch((), (poisoned(item, own),)), messages)
            return
        work_order_id = getattr(item.data, "work_order_id", None)
        while work_order_id and (parked := await self._followers(work_order_id, messages)) is not None:
            log.error("parked event is a dead letter", service=self._service, **_named(parked), **told(error))
            await self._apply(Batch((), (poisoned(parked, error),)), messages)

    async def _followers(self, work_order_id: str, messages: Sequence[Msg]) -> Incoming | None:
        """Apply what is parked behind the last version applied, one by one; return the one that failed, now unparked."""
        failed: list[Incoming] = []

        async def apply_next() -> None:
            async with self._outbox.transaction() as tx:
                found = await next_parked(tx.connection, self._outbox.tables, work_order_id)
                failed[:] = found
                if found:
                    await self._handler(tx, found)

        async def drop() -> None:
            async with self._outbox.transaction() as tx:
                await next_parked(tx.connection, self._outbox.tables, work_order_id, applied=False)

        while await self._attempt(apply_next, messages) is None:
            if not failed:
                return None
        await self._must(drop, messages)
        return failed[0] if failed else None

    async def _attempt(self, work: Callable[[], Awaitable[None]], messages: Sequence[Msg]) -> Exception | None:
        """Do `work`, again and again while a server is away; return its failure if it has one of its own."""
        attempt = 0
        while True:
            try:
                await work()
            except Stopping:
                raise
            except Exception as error:  # noqa: BLE001 (whatever a handler raises must not lose the message)
                if not is_transient(error):
                    return error
                await self._wait(attempt, error, messages)
                attempt += 1
            else:
                return None

    async def _must(self, work: Callable[[], Awaitable[None]], messages: Sequence[Msg]) -> None:
        """Do what cannot fail for a reason of its own; if it does all the same, the batch comes again."""
        error = await self._attempt(work, messages)
        if error is not None:
            raise error

    async def _transact(self, batch: Batch, *, release: bool = True, tell: bool = True) -> None:
        """Apply `batch` in one transaction; `release` what is parked behind it; `tell` the world what was rejected."""
        try:
            await self._once(batch, release=release, tell=tell, patient=False)
        except ContendedError:
            await self._once(batch, release=release, tell=tell, patient=True)

    async def _once(self, batch: Batch, *, release: bool, tell: bool, patient: bool) -> None:
        async with self._outbox.transaction() as tx:
            fresh = await self._fresh(tx, batch.incoming)
            ordered = await in_order(tx.connection, self._outbox.tables, fresh, release=release, patient=patient)
            tx.since, tx.batch = batch.since, ordered.ready
            if ordered.ready:
                await self._handler(tx, ordered.ready)
            new = await unkept(tx.connection, self._outbox.tables.dead_letters, batch.rejected)
            tx.rejected.extend(new)
            if new and self._on_rejected is not None and tell:
                await self._on_rejected(tx, new)
        repeats = len(batch.incoming) - len(fresh) + ordered.repeats + len(batch.rejected) - len(new)
        metrics.MESSAGES.labels(self._service, "applied").inc(batch.size - repeats - len(tx.rejected))
        metrics.MESSAGES.labels(self._service, "duplicate").inc(repeats)
        metrics.MESSAGES.labels(self._service, "rejected").inc(len(tx.rejected))

    async def _fresh(self, tx: Transaction, incoming: Sequence[Incoming]) -> list[Incoming]:
        """Write the inbox; return those that were not in it, each once, in their order.

        The steps of a work order are not written: their versions tell which have been applied.
        """
        by_key = {item.message.key: item for item in reversed(incoming) if not has_version(item)}
        rows = [{"message_id": key} for key in sorted(by_key)]
        written = await insert_rows(
            tx.connection, self._outbox.tables.inbox, rows, ignore_conflicts=True, returning=("message_id",)
        )
        fresh = {row.message_id for row in written}
        return [
            item
            for item in incoming
            if has_version(item) or (item.message.key in fresh and by_key[item.message.key] is item)
        ]

    async def _wait(self, attempt: int, error: Exception, messages: Sequence[Msg]) -> None:
        """Wait before the next attempt and keep the messages ours; `Stopping` where the service stops meanwhile."""
        log.warning("batch repeated", service=self._service, attempt=attempt + 1, **told(error))
        pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
        try:
            async with asyncio.timeout(pause):
                await self.stopping.wait()
        except TimeoutError:
            for message in messages:
                await message.in_progress()
            return
        raise Stopping


def _named(item: Incoming) -> dict[str, str]:
    """Return what a log line calls one message."""
    return {"message": item.message.key, "trace": item.message.trace_id}
