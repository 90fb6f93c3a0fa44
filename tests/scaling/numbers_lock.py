"""For how long a batch of routing keeps the others out: `python -m tests.scaling.numbers_lock`.

Work orders are numbered without gaps, so from taking the day's numbers to the commit one transaction opens work orders at a
time, whatever the number of replicas (services/routing/store/numbers.py). This share of the batch does not scale out.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from services.routing import store
from services.routing.app import SERVICE
from services.routing.handlers.contacts import Opener
from shared.bus.transaction import Incoming, Transaction
from shared.log import configure_logging
from shared.simulation.history import Sample, spread
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from shared.testing.embedded import EmbeddedServers

SIZES = (10, 50, 250, 500)
BATCHES = 8
WARM_UP = 500


@dataclass
class Watch:
    """When the numbers were taken, and how long after that the transaction was committed, in seconds."""

    taken: float = 0.0
    held: list[float] = field(default_factory=list)

    def committed(self) -> None:
        """Note that the numbers are free again."""
        self.held.append(time.perf_counter() - self.taken)


async def measure(folder: Path) -> dict[str, Any]:
    """Return milliseconds for a batch, and what follows for the contacts per second of any number of replicas."""
    watch = Watch()
    take, begin = store.take_numbers, Opener.open

    async def taking(connection: Any, day: date, count: int) -> int:
        first = await take(connection, day, count)
        watch.taken = time.perf_counter()
        return first

    async def opening(self: Opener, tx: Transaction, batch: Sequence[Incoming]) -> Any:
        tx.committed.append(watch.committed)
        return await begin(self, tx, batch)

    with patch.object(store, "take_numbers", taking), patch.object(Opener, "open", opening):
        async with (
            EmbeddedServers(folder) as servers,
            service_bench(SERVICE, servers.database_url, servers.nats_url, clock=SetClock()) as bench,
        ):
            contacts = spread(Sample(WARM_UP + BATCHES * sum(SIZES), date(2026, 11, 23), 1), 1, bench.policy.timezone)
            await bench.happens(*(contacts.pop() for _ in range(WARM_UP)))
            return {f"batches of {size}": await _batches(bench, contacts, size, watch) for size in SIZES}


async def _batches(bench: ServiceBench, contacts: list[Any], size: int, watch: Watch) -> dict[str, float]:
    watch.held.clear()
    whole: list[float] = []
    for _ in range(BATCHES):
        published = await bench.publish(*(contacts.pop() for _ in range(size)))
        messages = await bench.fetch(len(published))
        began = time.perf_counter()
        await bench.process(messages)
        whole.append(time.perf_counter() - began)
    batch, held = statistics.median(whole), statistics.median(watch.held)
    return {
        "batch_ms": round(batch * 1e3, 1),
        "alone_ms": round(held * 1e3, 1),
        "share_alone": round(held / batch, 2),
        "contacts_per_second_at_most": round(size / held),
    }


def main() -> None:
    """Measure and print."""
    configure_logging("warning", service="routing")
    with tempfile.TemporaryDirectory(prefix="yingda-numbers-") as folder:
        Path(folder).chmod(0o711)
        found = asyncio.run(measure(Path(folder)))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
