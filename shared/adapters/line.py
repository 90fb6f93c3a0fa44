"""The line to the stream: who waits at the same time shares one commit.

A commit takes all that wait (up to a limit) as one atomic batch; JetStream acknowledges; each learns what came of it.
While the bus is away the line waits for its return; who has waited too long gets `BusAway`, and sends the same contact
again later: its id makes one effect of both.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

import structlog
from nats.aio.client import Client

from shared import metrics
from shared.adapters.commit import Commit, Known, Refusal, Unanswered
from shared.adapters.errors import BusAway, RefusedByBus
from shared.bus.failures import told
from shared.bus.publish import Outgoing

PATIENCE_SECONDS: Final = 10.0
MOST_IN_COMMIT: Final = 500
MOST_BYTES_IN_COMMIT: Final = 4_000_000
MOST_BYTES_WAITING: Final = 64_000_000
"""What waits for a bus that is away; who comes after it is told so at once."""
PAUSE_SECONDS: Final = 0.2

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
    since: float
    done: asyncio.Future[Published]


class Line:
    """Commits what enters, in its order as far as one process can."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._commit = Commit(client)
        self._name = name
        metrics.ADAPTER_WAITING.labels(name)
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Commit what enters from now on."""
        self._task = asyncio.create_task(self._run(), name="publisher")

    async def close(self) -> None:
        """Commit what waits, as long as somebody waits, and end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    @property
    def waiting(self) -> int:
        """How many wait for their commit."""
        return len(self._queue)

    def oldest_seconds(self) -> float:
        """Return for how long the first in the line has been waiting."""
        return asyncio.get_running_loop().time() - self._queue[0].since if self._queue else 0.0

    async def enter(self, message: Outgoing, patience_seconds: float) -> tuple[Published, float]:
        """Return when `message` is on the stream, with the seconds that it took; `BusAway`, `RefusedByBus`."""
        if self._closing or self._task is None:
            raise BusAway("this process is stopping, send the contact again")
        if self._bytes + len(message.body) > MOST_BYTES_WAITING:
            raise BusAway("too much waits for the message bus already, send the contact again later")
        loop = asyncio.get_running_loop()
        since = loop.time()
        waiting = _Waiting(message, since, loop.create_future())
        self._queue.append(waiting)
        self._bytes += len(message.body)
        metrics.ADAPTER_WAITING.labels(self._name).inc()
        self._wake.set()
        try:
            async with asyncio.timeout(patience_seconds):
                published = await waiting.done
        except TimeoutError:
            raise BusAway from None
        finally:
            self._bytes -= len(message.body)
            metrics.ADAPTER_WAITING.labels(self._name).dec()
        return published, loop.time() - since

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
            log.warning("commit failed", line=self._name, **told(error))
            return False

    async def _settle(self, batch: list[_Waiting]) -> bool:
        """Commit `batch` and tell everybody in it what came of it; False where somebody still has to wait."""
        if not self._client.is_connected:
            return False
        try:
            answers = await self._commit.publish([one.message for one in batch])
        except Unanswered as error:
            log.warning("contacts wait for the bus", line=self._name, contacts=len(batch), why=str(error))
            return False
        for one, answer in zip(batch, answers, strict=True):
            if one.done.done():
                continue
            match answer:
                case Known(repeated=repeated):
                    one.done.set_result(Published(one.message.message_id, repeated))
                case Refusal(reason=reason):
                    one.done.set_exception(RefusedByBus(f"the message bus refuses this contact: {reason}"))
                case None:
                    continue
        return None not in answers
