"""Contacts onto the bus: what `publish` has returned for is on the stream; who waits at the same time shares one commit.

The path of a contact: its envelope (contract, "Envelope") is made and measured, it waits in a queue, a commit takes all
that wait (up to a limit) as one atomic batch, JetStream acknowledges, `publish` returns. While the bus is away the queue
waits for its return; who has waited too long gets `BusAway`, and sends the same contact again later: its id makes one
effect of both.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

import structlog
from nats.aio.client import Client
from pydantic_core import PydanticSerializationError, to_json

from shared import metrics
from shared.adapters.commit import Commit, Known, Refusal, Unanswered
from shared.adapters.errors import BusAway, RefusedByBus, TooLarge
from shared.bus.failures import told
from shared.bus.publish import Outgoing
from shared.events.envelope import NAME_LIMIT
from shared.events.trace import trace_of
from shared.times import rfc3339

LARGEST_BODY: Final = 990_000
"""Bytes of one envelope; the stream takes 1,000,000 with the headers."""
PATIENCE_SECONDS: Final = 10.0
MOST_IN_COMMIT: Final = 500
MOST_BYTES_IN_COMMIT: Final = 4_000_000
MOST_BYTES_WAITING: Final = 64_000_000
"""What waits for a bus that is away; who comes after it is told so at once."""
PAUSE_SECONDS: Final = 0.2
SUBJECT: Final = "yingda.contact.received."
TYPE: Final = "yingda.contact.received.v1"
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Published:
    """A contact is on the stream."""

    key: str
    """`<source>/<id>`."""
    repeated: bool
    """Whether the server knew it already. False where it came too long after the first; intake decides then."""


@dataclass(slots=True, eq=False)
class _Waiting:
    message: Outgoing
    channel: str
    since: float
    done: asyncio.Future[Published] = field(repr=False)


class Publisher:
    """Publishes the contacts of one adapter process; use `start` and `close`, or `async with`."""

    def __init__(
        self,
        client: Client,
        channels: Collection[str],
        *,
        name: str = "adapter",
        patience_seconds: float = PATIENCE_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Publish to `channels` only, over the connected `client`; `name` is the label of the metrics."""
        self._commit = Commit(client)
        self._client = client
        self._channels = frozenset(channels)
        self._name = name
        self._patience = patience_seconds
        self._now = now
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Commit what comes from now on."""
        self._task = asyncio.create_task(self._run(), name="publisher")

    async def close(self) -> None:
        """Commit what waits and end; what cannot be committed gets `BusAway` when its time is over."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    @property
    def waiting(self) -> int:
        """How many contacts wait for their commit."""
        return len(self._queue)

    async def publish(
        self,
        channel: str,
        *,
        source: str,
        id: str,  # noqa: A002 (the envelope's own word)
        data: Mapping[str, Any],
        time: datetime | None = None,
        traceparent: str | None = None,
    ) -> Published:
        """Return when JetStream has acknowledged the contact `source`/`id` with the raw form `data` on `channel`.

        `id` is the sender's own name for it, the same for every repetition (1 to 500 printable characters, as `source`).
        `time` is when the sender says that it was sent. `BusAway` after the limit of patience: it may or may not be on
        the stream then, and is to be sent again. `TooLarge` and `RefusedByBus` say what can never come through.
        """
        message = self._outgoing(channel, source, id, data, time or self._now(), traceparent)
        return await self._enter(message, channel)

    def _outgoing(
        self, channel: str, source: str, name: str, data: Mapping[str, Any], at: datetime, traceparent: str | None
    ) -> Outgoing:
        if not _CHANNEL.fullmatch(channel) or channel not in self._channels:
            raise RefusedByBus(f"this adapter does not publish to the channel {channel[:32]!r}")
        for what, text in (("source", source), ("id", name)):
            if not 0 < len(text) <= NAME_LIMIT or not text.isprintable():
                raise RefusedByBus(f"the {what} of a contact must have 1 to {NAME_LIMIT} printable characters")
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": name,
            "source": source,
            "type": TYPE,
            "time": rfc3339(at),
            "subject": name,
            "datacontenttype": "application/json",
        }
        trace = trace_of(traceparent) or ""
        if trace:
            envelope["traceparent"] = trace
        try:
            body = to_json(envelope | {"data": data})
        except (PydanticSerializationError, UnicodeEncodeError, ValueError):
            raise RefusedByBus("the contact cannot be written as JSON") from None
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"the contact has {len(body):,} bytes, and at most {LARGEST_BODY:,} are taken")
        return Outgoing(f"{source}/{name}", f"{SUBJECT}{channel}", body, trace)

    async def _enter(self, message: Outgoing, channel: str) -> Published:
        if self._closing or self._task is None:
            raise BusAway("this process is stopping, send the contact again")
        if self._bytes + len(message.body) > MOST_BYTES_WAITING:
            raise BusAway("too much waits for the message bus already, send the contact again later")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(message, channel, loop.time(), loop.create_future())
        self._queue.append(waiting)
        self._bytes += len(message.body)
        metrics.ADAPTER_WAITING.labels(self._name).inc()
        self._wake.set()
        try:
            async with asyncio.timeout(self._patience):
                published = await waiting.done
        except TimeoutError:
            metrics.ADAPTER_REFUSED.labels(self._name, "bus-away").inc()
            raise BusAway from None
        finally:
            self._bytes -= len(message.body)
            metrics.ADAPTER_WAITING.labels(self._name).dec()
        metrics.ADAPTER_ACK_SECONDS.labels(self._name).observe(loop.time() - waiting.since)
        outcome = "repeated" if published.repeated else "published"
        metrics.ADAPTER_CONTACTS.labels(self._name, channel, outcome).inc()
        return published

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = self._take()
            if batch and not await self._tried(batch):
                self._queue.extendleft(reversed([one for one in batch if not one.done.done()]))
                await asyncio.sleep(PAUSE_SECONDS)

    def _take(self) -> list[_Waiting]:
        """Take what waits, the oldest first, as far as it fits into one commit; who waits no more is left out."""
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < MOST_IN_COMMIT:
            one = self._queue[0]
            if not one.done.done():
                size += len(one.message.body)
                if batch and size > MOST_BYTES_IN_COMMIT:
                    break
                batch.append(one)
            self._queue.popleft()
        return batch

    async def _tried(self, batch: list[_Waiting]) -> bool:
        """Settle `batch`; whatever goes wrong in it, the next one is taken."""
        try:
            return await self._settle(batch)
        except Exception as error:  # noqa: BLE001 (who waits here would wait for nothing)
            log.warning("commit failed", adapter=self._name, **told(error))
            return False

    async def _settle(self, batch: list[_Waiting]) -> bool:
        """Commit `batch` and tell everybody in it what came of it; False where somebody still has to wait."""
        if not self._client.is_connected:
            return False
        try:
            answers = await self._commit.publish([one.message for one in batch])
        except Unanswered as error:
            log.warning("contacts wait for the bus", adapter=self._name, contacts=len(batch), why=str(error))
            return False
        for one, answer in zip(batch, answers, strict=True):
            if one.done.done():
                continue
            match answer:
                case Known(repeated=repeated):
                    one.done.set_result(Published(one.message.message_id, repeated))
                case Refusal(reason=reason):
                    metrics.ADAPTER_REFUSED.labels(self._name, "refused-by-bus").inc()
                    one.done.set_exception(RefusedByBus(f"the message bus refuses this contact: {reason}"))
                case None:
                    continue
        return None not in answers
