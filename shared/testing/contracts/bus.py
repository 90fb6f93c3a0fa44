"""A bus for one test: it keeps what adapters and endpoints publish, or is away, as long as the test wants."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

from nats.aio.client import Client

from shared.adapters import BusAway, Published, Publisher, RefusedByBus, Report, Work
from shared.attachments import AttachmentStore

NOW: Final = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
_LONGEST_NAME: Final = 500


class Files(AttachmentStore):
    """Takes and refuses files as the store does, and keeps them for the test."""

    def __init__(self) -> None:
        super().__init__(cast("Client", None))
        self.kept: dict[str, bytes] = {}

    async def _keep(self, digest: str, media_type: str, content: bytes) -> None:
        del media_type
        self.kept[digest] = content


@dataclass(frozen=True, slots=True)
class Told:
    """A contact that came onto the bus."""

    channel: str
    source: str
    id: str
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What makes it one and the same contact: `<source>/<id>`."""
        return f"{self.source}/{self.id}"


@dataclass
class Bus:
    """Stands where a `Publisher` stands; takes what a publisher takes."""

    channels: frozenset[str]
    away: Callable[[], bool] = lambda: False
    held: Callable[[], bool] = lambda: False
    """Whether what is published now is neither taken nor refused before the process ends."""
    told: list[Told] = field(default_factory=list)
    asked: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def keys(self) -> set[str]:
        """Every contact that came, once."""
        return {one.key for one in self.told}

    def of(self, _name: str, _channels: Collection[str]) -> "Bus":
        """Return itself: there is one bus."""
        return self

    async def publish(
        self,
        channel: str,
        *,
        source: str,
        id: str,  # noqa: A002 (as the publisher's)
        data: Mapping[str, Any],
        time: datetime | None = None,
        traceparent: str | None = None,
    ) -> Published:
        """Keep a contact, or be away."""
        del traceparent
        assert channel in self.channels, f"it publishes to {channel!r}, which is none of its channels"
        for what, name in (("source", source), ("id", id)):
            assert 0 < len(name) <= _LONGEST_NAME, f"a {what} of {len(name)} characters"
            assert name.isprintable(), f"a {what} that cannot be printed"
        assert time is None or time.tzinfo is not None, "the time of a contact has an offset"
        self.asked += 1
        self.news.set()
        if self.held():
            await asyncio.Event().wait()
        if self.away():
            raise BusAway
        try:
            kept = json.loads(json.dumps(data))
        except (TypeError, ValueError):
            raise RefusedByBus("the contact cannot be written as JSON") from None
        one = Told(channel, source, id, kept)
        repeated = one.key in self.keys
        self.told.append(one)
        return Published(one.key, repeated=repeated)

    def work(self, name: str, stopping: asyncio.Event) -> Work:
        """Return what an adapter or endpoint works with, on this bus."""
        return Work(
            publisher=cast("Publisher", self),
            report=Report(name),
            stopping=stopping,
            now=lambda: NOW,
            attachments=Files(),
            client=cast("Client", None),
        )
