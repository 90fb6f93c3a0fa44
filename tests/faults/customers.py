"""Customers who write at a steady rate, and the book they keep of what they were promised: the judge of a fault test."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import nats.errors
from nats.aio.client import Client

from tests.e2e.suite import contact, envelope
from tests.pace import steadily
from tests.polling import until

ACK_SECONDS = 2.0
AGAIN_SECONDS = 0.1


@dataclass(slots=True)
class Book:
    """When each contact was sent for the first time, by its source id, and which of them were acknowledged."""

    sent: dict[str, float] = field(default_factory=dict)
    """In seconds of this machine's clock, which is also the server's."""
    acknowledged: dict[str, float] = field(default_factory=dict)
    repeated: int = 0
    """Publications that were not acknowledged and were made again."""


class Customers:
    """Send contacts through a client, each until it is acknowledged, and never wait for one another."""

    def __init__(self, client: Client, label: str = "c") -> None:
        self.book = Book()
        self._client = client
        self._label = label
        self._numbers = itertools.count(1)
        self._writing: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()

    async def write(self, count: int, rate: float) -> None:
        """Send `count` contacts, `rate` a second; all are acknowledged on return."""
        await self._steadily(rate, count)
        await self._settled()

    @asynccontextmanager
    async def writing(self, rate: float) -> AsyncIterator[None]:
        """Send `rate` contacts a second inside; all are acknowledged afterwards."""
        stream = asyncio.create_task(self._steadily(rate))
        try:
            yield
        finally:
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)
            await self._settled()

    async def acknowledged(self, more: int, seconds: float = 30) -> None:
        """Return as soon as so many `more` contacts are acknowledged."""
        enough = len(self.book.acknowledged) + more
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.book.acknowledged) >= enough)

    async def _settled(self) -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*self._writing)

    async def _steadily(self, rate: float, count: int | None = None) -> None:
        async for _ in steadily(rate, count):
            task = asyncio.create_task(self._send(next(self._numbers)))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _send(self, number: int) -> None:
        identity = f"{self._label}{number}"
        source_id = f"web/shop/{identity}"
        customer = {"name": "王芳", "phone": f"139{number % 100_000_000:08d}"}
        body = envelope(contact(occurred_at="2026-11-23T10:00:00+08:00", customer=customer), "web", identity)
        self.book.sent[source_id] = time.time()
        await until(lambda: self._published(source_id, body), None, every=AGAIN_SECONDS)
        async with self._news:
            self.book.acknowledged[source_id] = time.time()
            self._news.notify_all()

    async def _published(self, source_id: str, body: bytes) -> bool:
        """Publish once; return whether it was acknowledged."""
        try:
            await self._client.jetstream().publish(
                "yingda.contact.received.web", body, stream="CONTACTS",
                headers={"Nats-Msg-Id": source_id}, timeout=ACK_SECONDS,
            )  # fmt: skip
        except (nats.errors.Error, OSError, TimeoutError):
            self.book.repeated += 1
            return False
        return True
