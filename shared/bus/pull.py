"""Pulling from a durable consumer without a wait: one open request at a time, filled by the server as messages come.

nats-py's own `fetch` leaves the rest of a short batch's request open on the server and asks anew; the orphan then takes
the next message and the new request waits out its time. A lone message stalled for two to five seconds in a quarter of
the cases measured. Here the open request is counted down and kept until it is used up or ended.

A request lives for a second and cannot be taken back. Whoever stops asks no more and listens until the open one has
ended: a message on its way to an inbox that nobody listens to any more is lost to all until the server redelivers it.
Of 100 feeds closed under load without that wait, 87 left a message behind.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic_core import to_json

from shared.bus.streams import Consumer
from shared.bus.wire import keep, listen, stored_at

EXPIRES_SECONDS = 1.0
"""How long a request lives that nothing comes for: what it costs to stop, and what a process that hangs can swallow."""
SILENCE_SECONDS = 2.0
"""A server that has not even ended the request after this long has lost it, or is away: it is asked again."""
MAX_BYTES = 16_000_000
PAUSE_SECONDS = 0.5
WAITED_SECONDS = 1.0
"""What waited longer behind another batch gets the server's full time anew: else a busy service would get the same messages
again (`ACK_WAIT_SECONDS`), and be busier for it."""
ARRIVAL_SECONDS = 0.01
"""How long the rest of what is stored together may take to come after its first message."""
_EXPIRED = ("404", "408")
_FULL = ("Batch Completed", "Message Size Exceeds MaxBytes")
"""How a request ends that brought what it could."""


class PullFeed:
    """The messages of one consumer as they come. One reader; it goes on with `next` while and after another closes."""

    def __init__(self, client: Client, consumer: Consumer, batch: int, gather_seconds: float = 0.0) -> None:
        """Prepare; in steady traffic a batch is taken every `gather_seconds` at most, after a rest at once."""
        self._client = client
        self._gather = gather_seconds
        self._taken = float("-inf")  # when the last batch was taken, on the loop's own clock
        self._enough = asyncio.Event()  # set when nothing more is to come: the request has ended, or everything does
        self._arriving = False  # whether it is set by a message that has none behind it, too
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream.name}.{consumer.service}"
        self._batch = batch
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._messages: deque[Msg] = deque()
        self._since = 0.0  # when the first of them came, on the loop's own clock
        self._news = asyncio.Event()
        self._asked = 0
        self._open = 0  # messages that the server may still send for the open request
        self._settled = asyncio.Event()  # set while no request is open
        self._settled.set()
        self._trouble = ""
        self._closing = False
        self.closed = False
        """Nothing more comes than what `next` still returns."""

    async def start(self) -> None:
        """Listen and ask for the first messages."""
        self._subscription = await listen(self._client, f"{self._inbox}.*", self._take)
        await self._ask()

    async def next(self) -> list[Msg]:
        """Return up to a batch of messages as soon as there is one; none now and then, so that the caller can turn.

        The request for the following ones is open before this returns, so that they come while these are processed.
        """
        if not self._messages and not self.closed:
            if self._open <= 0 and not self._closing:  # the request ended while the reader was busy
                await self._ask()
            if not self._messages:
                await self._wait()
        if self._messages:
            await self._gathered()
        taken = [self._messages.popleft() for _ in range(min(self._batch, len(self._messages)))]
        if taken and asyncio.get_running_loop().time() - self._since > WAITED_SECONDS:
            with suppress(nats.errors.Error):  # they come again then, and are known
                await keep(taken)
        if self._open <= 0 and not self._messages and not self._closing:
            await self._ask()
        return taken

    async def close(self) -> None:
        """Ask no more; all that the server has delivered can be taken by `next` until nothing is left.

        Returns when the open request has ended, after a second at most, or when the server is away.
        """
        self._closing = True
        self._enough.set()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), SILENCE_SECONDS)
            if self._subscription is not None:
                drained: Awaitable[None] = self._subscription.drain()  # type: ignore[no-untyped-call]
                with suppress(nats.errors.Error, OSError, TimeoutError):  # a server that is away delivers nothing
                    await asyncio.wait_for(drained, SILENCE_SECONDS)
        finally:
            self.closed = True
            self._news.set()

    async def give_back(self) -> None:
        """Give what nobody has taken yet to another process, at once."""
        while self._messages:
            await self._messages.popleft().nak()

    async def _gathered(self) -> None:
        """Let the next batch grow while the last one was taken a moment ago: most of what a small one costs is its own.

        A batch of three costs nearly what one of thirty does. At fifty contacts a second five services that take every
        message as it comes keep two cores busy with transactions, and everybody waits for everybody. What another service
        told in one batch is waited for as a whole: its first message wakes us, and the others would wait for our next turn.
        """
        loop = asyncio.get_running_loop()
        left = self._taken + self._gather - loop.time()
        if left > 0:
            await self._until_enough(left)
        if _more_behind(self._messages[-1]):
            self._arriving = True
            await self._until_enough(ARRIVAL_SECONDS)
            self._arriving = False
        self._taken = loop.time()

    async def _until_enough(self, seconds: float) -> None:
        """Return when nothing more is to come that could be waited for, after `seconds` at most."""
        if self._open > 0 and not self._closing:
            self._enough.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._enough.wait()

    async def _wait(self) -> None:
        """Return when something came, or when the server's silence or refusal made it necessary to ask anew."""
        self._news.clear()
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self._news.wait()
        except TimeoutError:
            self._end_request()
        if self._trouble and not self._closing:
            self._trouble = ""
            await asyncio.sleep(PAUSE_SECONDS)  # a refusing server must not be asked in a tight loop

    async def _ask(self) -> None:
        self._asked += 1
        self._open = self._batch
        self._settled.clear()
        request = {"batch": self._batch, "max_bytes": MAX_BYTES, "expires": int(EXPIRES_SECONDS * 1e9)}
        await self._client.publish(self._subject, to_json(request), reply=self._reply)

    @property
    def _reply(self) -> str:
        """The inbox of the open request; what the server says of an earlier one has another subject."""
        return f"{self._inbox}.{self._asked}"

    def _end_request(self) -> None:
        self._open = 0
        self._settled.set()
        self._enough.set()

    def _take(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status") if not message.data else None
        if status is None:
            if not self._messages:
                self._since = asyncio.get_running_loop().time()
            self._messages.append(message)
            self._open -= 1
            if self._open <= 0:
                self._settled.set()
                self._enough.set()
            elif self._arriving and not _more_behind(message):
                self._enough.set()
        elif message.subject == self._reply:
            self._end_request()
            self._trouble = "" if status in _EXPIRED or headers.get("Description") in _FULL else status
        self._news.set()


def _more_behind(message: Msg) -> bool:
    """Return whether the stream held more for the consumer when `message` was sent."""
    return stored_at(message.reply)[6] != "0"
