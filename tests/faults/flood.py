"""A flood of contacts over a whole suite: how fast each becomes a work order, and what every process holds meanwhile."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic_core import from_json

from shared.cli.supervisor import Suite
from tests.e2e.suite import contact, envelope
from tests.faults.chaos.plan import SERVICES
from tests.pace import steadily
from tests.polling import Rest, until

SUBJECT = "yingda.contact.received.web"
TOGETHER = 200
AT_ONCE = 8
URGENT_EACH = 200
"""One contact in so many cannot wait."""
KINDS: Sequence[dict[str, str]] = (
    {"category": "emergency", "topic": "medical"},
    {"emotion": "anxious"},
    {"text": "仓库着火了，快来人"},
)
SAMPLE_SECONDS = 0.5


@dataclass
class Flood:
    """What was published and when, and when each became a work order."""

    client: Client
    published: dict[str, float] = field(default_factory=dict)
    opened: dict[str, float] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    urgent: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def listen(self) -> None:
        """Note every work order from now on."""
        await self.client.jetstream().subscribe("yingda.event.workorder.opened", ordered_consumer=True, cb=self._hear)

    async def _hear(self, message: Msg) -> None:
        source_id = from_json(message.data)["data"]["source_id"]
        if source_id in self.opened:
            self.doubled.add(source_id)
        self.opened.setdefault(source_id, time.monotonic())

    async def pour(self, rate: float, seconds: float) -> int:
        """Publish `rate` contacts a second for so long, as fast as it goes; return how many that were."""
        before = len(self.published)
        pending: set[asyncio.Task[None]] = set()
        async for _ in steadily(rate / TOGETHER, int(rate * seconds / TOGETHER) or 1):
            if len(pending) >= AT_ONCE:
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            pending.add(asyncio.create_task(self._batch()))
        await asyncio.gather(*pending)
        return len(self.published) - before

    async def _batch(self) -> None:
        """Publish one atomic batch until it is acknowledged."""
        bodies = dict(self._contact() for _ in range(TOGETHER))
        await until(lambda: self._whole(bodies), None, every=0.1)
        self.published.update(dict.fromkeys(bodies, time.monotonic()))

    def _contact(self) -> tuple[str, bytes]:
        number = next(self._numbers)
        kind = KINDS[number // URGENT_EACH % len(KINDS)] if number % URGENT_EACH == 0 else {}
        source_id = f"web/shop/flood-{number}"
        if kind:
            self.urgent.add(source_id)
        fields = contact(**kind)
        fields["customer"] |= {"phone": f"138{number:08d}"}
        return source_id, envelope(fields, "web", f"flood-{number}")

    async def _whole(self, bodies: dict[str, bytes]) -> bool:
        name = f"flood-{next(self._numbers)}"
        try:
            for place, body in enumerate(bodies.values(), start=1):
                headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(place)}
                if place < len(bodies):
                    await self.client.publish(SUBJECT, body, headers=headers)
                    continue
                headers["Nats-Batch-Commit"] = "1"
                reply = await self.client.request(SUBJECT, body, headers=headers, timeout=10)
        except (nats.errors.Error, OSError, TimeoutError):
            return False
        return "error" not in json.loads(reply.data)

    async def drained(self, patience_seconds: float = 60.0) -> None:
        """Return when nobody has anything left to do; `AssertionError` where nothing has moved for so long."""
        jetstream = self.client.jetstream()
        rest = Rest()

        async def done() -> bool:
            left = 0
            for service in SERVICES:
                info = await jetstream.consumer_info("CONTACTS" if service == "intake" else "EVENTS", service)
                left += (info.num_pending or 0) + (info.num_ack_pending or 0)
            stands = rest.seconds((left, len(self.opened)))
            assert stands < patience_seconds, f"{left} messages are left and nothing moves"
            return not left and len(self.opened) >= len(self.published)

        await until(done, None, every=0.1)

    def rate(self, done: float) -> float:
        """Return how many a second the house did until `done`, without the first quarter, in which it was not yet full."""
        moments = sorted(self.opened.values())
        first = len(moments) // 4
        return (len(moments) - first) / (done - moments[first])

    def waits(self, sources: set[str]) -> list[float]:
        """Return how long each took from its acknowledgement to its work order, in seconds, the shortest first."""
        return sorted(max(0.0, self.opened[one] - self.published[one]) for one in sources if one in self.opened)


def at(share: float, ordered: Sequence[float]) -> float:
    """Return the value below which `share` of the `ordered` ones lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Memory:
    """The most that each process has held, in megabytes; of PostgreSQL what its processes hold for themselves."""

    suite: Suite
    most: dict[str, int] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look now and then until cancelled."""
        async for _ in steadily(1 / SAMPLE_SECONDS):
            self.look()

    def look(self) -> None:
        """Note what is held now."""
        held = {name: _kilobytes(pid, "VmRSS") for name, pid in self.suite.pids.items()}
        servers = self.suite.servers.pids
        held["nats"] = _kilobytes(servers["nats"], "VmRSS")
        postgres = servers["postgres"]
        children = Path(f"/proc/{postgres}/task/{postgres}/children").read_text(encoding="ascii").split()
        held["postgres"] = sum(_kilobytes(pid, "RssAnon") for pid in [postgres, *map(int, children)])
        for name, kilobytes in held.items():
            self.most[name] = max(self.most.get(name, 0), kilobytes // 1024)


def _kilobytes(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # it has just ended
        return 0
    found = [line for line in lines if line.startswith(f"{name}:")]
    return int(found[0].split()[1]) if found else 0
