"""Contacts onto the bus: what `publish` has returned for is on the stream.

Its envelope (contract, "Envelope") is made and measured here; then it waits in the line (`line.py`) for its commit.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final, Self

from nats.aio.client import Client
from pydantic_core import PydanticSerializationError, to_json

from shared import metrics
from shared.adapters.errors import BusAway, RefusedByBus, TooLarge
from shared.adapters.line import PATIENCE_SECONDS, Line
from shared.adapters.line import Published as Published
from shared.bus.publish import Outgoing
from shared.events.envelope import NAME_LIMIT
from shared.events.trace import trace_of
from shared.times import rfc3339

LARGEST_BODY: Final = 990_000
"""Bytes of one envelope; the stream takes 1,000,000 with the headers."""
SUBJECT: Final = "yingda.contact.received."
TYPE: Final = "yingda.contact.received.v1"
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")


def _real_now() -> datetime:
    return datetime.now(UTC)


class Publisher:
    """Publishes the contacts of one adapter or endpoint; use `start` and `close`, or `async with`."""

    def __init__(
        self,
        client: Client,
        channels: Collection[str],
        *,
        name: str = "adapter",
        patience_seconds: float = PATIENCE_SECONDS,
        now: Callable[[], datetime] = _real_now,
        line: Line | None = None,
    ) -> None:
        """Publish to `channels` only, over the connected `client`; `name` is the label of the metrics."""
        self._client = client
        self._line = Line(client, name) if line is None else line
        self._channels = frozenset(channels)
        self._name = name
        self._patience = patience_seconds
        self._now = now
        for channel, outcome in product(self._channels, ("published", "repeated")):
            metrics.ADAPTER_CONTACTS.labels(name, channel, outcome)  # there at 0 from the start (R-OB-01)

    def of(self, name: str, channels: Collection[str], patience_seconds: float | None = None) -> "Publisher":
        """Return a publisher under another name that shares the commits of this one; it is not started or closed."""
        patience = self._patience if patience_seconds is None else patience_seconds
        common = frozenset(channels) & self._channels
        return Publisher(self._client, common, name=name, patience_seconds=patience, now=self._now, line=self._line)

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Commit what comes from now on."""
        self._line.start()

    async def close(self) -> None:
        """Commit what waits and end; what cannot be committed gets `BusAway` when its time is over."""
        await self._line.close()

    @property
    def waiting(self) -> int:
        """How many contacts wait for their commit."""
        return self._line.waiting

    def oldest_seconds(self) -> float:
        """Return for how long the first in the line has been waiting."""
        return self._line.oldest_seconds()

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
        try:
            message = self._outgoing(channel, source, id, data, time or self._now(), traceparent)
            published, seconds = await self._line.enter(message, self._patience)
        except BusAway:
            metrics.ADAPTER_REFUSED.labels(self._name, "bus-away").inc()
            raise
        metrics.ADAPTER_ACK_SECONDS.labels(self._name).observe(seconds)
        outcome = "repeated" if published.repeated else "published"
        metrics.ADAPTER_CONTACTS.labels(self._name, channel, outcome).inc()
        return published

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
            body = to_json(envelope | {"data": data}, inf_nan_mode="null")  # JSON has no number that is none
        except (PydanticSerializationError, UnicodeEncodeError, ValueError):
            raise RefusedByBus("the contact cannot be written as JSON") from None
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"the contact has {len(body):,} bytes, and at most {LARGEST_BODY:,} are taken")
        return Outgoing(f"{source}/{name}", f"{SUBJECT}{channel}", body, trace)
