"""Guarantee 10: ten times what the house can do; memory stays bounded, nobody urgent starves, everything is done in the end.

`make flood` floods for a minute; `SECONDS=20 make flood` for less.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nats
import pytest

from shared.cli.supervisor import Suite
from tests.faults.flood import Flood, Memory, at

TIMES = 10
MOST_MEGABYTES = {"nats": 1_500, "postgres": 600}
MOST_OF_A_SERVICE = 300
URGENT_CONTACTS = 2_500
URGENT_SECONDS = 4.0
"""Whoever cannot wait has at most so many contacts before them, and so long until they are found in the queue."""


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tell the figures, past what pytest keeps back."""

    def tell(line: str) -> None:
        with capfd.disabled():
            print(line, flush=True)  # noqa: T201 (figures are what the run is for)

    return tell


async def flooded(sample: int, seconds: float, say: Callable[[str], None]) -> None:
    """Measure what the house can do with `sample` contacts, then flood it for `seconds`, and judge."""
    with tempfile.TemporaryDirectory(prefix="yingda-flood-") as name:
        Path(name).chmod(0o711)
        async with Suite(Path(name)) as suite:
            client = await nats.connect(suite.endpoints.nats_url)
            flood, memory = Flood(client), Memory(suite)
            await flood.listen()
            watching = asyncio.create_task(memory.watch())
            await flood.pour(1e9, sample / 1e9)
            await flood.drained()
            capacity = flood.rate(time.monotonic())
            calm = dict(memory.most)
            flood.urgent.clear()
            before = set(flood.published)
            began = time.monotonic()
            count = await flood.pour(TIMES * capacity, seconds)
            lasted = time.monotonic() - began
            done = len(flood.opened) - len(before)
            urgent_then = {one for one in flood.urgent if one in flood.published}
            say(
                f"\n  capacity {capacity:.0f}/s; {count} contacts in {lasted:.0f} s, {done} of them work orders by then"
            )
            await flood.drained()
            drained = time.monotonic() - began
            watching.cancel()
            urgent, ordinary = flood.waits(urgent_then), flood.waits(set(flood.published) - before - flood.urgent)
            say(
                f"  urgent ({len(urgent)}): p50 {at(0.5, urgent):.1f} s, p99 {at(0.99, urgent):.1f} s, "
                f"longest {urgent[-1]:.1f} s; all others: p50 {at(0.5, ordinary):.1f} s, longest {ordinary[-1]:.1f} s\n"
                f"  drained {drained:.0f} s after it began\n"
                f"  most MB in calm: {calm}\n  most MB: {memory.most}"
            )
            await client.close()
    assert not flood.doubled
    assert flood.opened.keys() == flood.published.keys(), "the backlog drains completely"
    assert done < count / 2, "it was no flood"
    assert at(0.99, urgent) <= URGENT_SECONDS + URGENT_CONTACTS / capacity, (
        "whoever cannot wait is served while the flood is on"
    )
    assert at(0.99, urgent) < at(0.5, ordinary), "and before the others"
    limits = {name: MOST_MEGABYTES.get(name, MOST_OF_A_SERVICE) for name in memory.most}
    assert {name: most for name, most in memory.most.items() if most > limits[name]} == {}


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
async def test_a_short_flood_drains_and_starves_nobody_urgent(say: Callable[[str], None]) -> None:
    """R-RT-04, R-IN-06."""
    await flooded(1_500, 3.0, say)


@pytest.mark.slow_faults
@pytest.mark.timeout(3_600)
async def test_a_minute_of_flood_drains_and_starves_nobody_urgent(say: Callable[[str], None]) -> None:
    """R-RT-04, R-IN-06."""
    await flooded(4_000, float(os.environ.get("SECONDS") or 60), say)
