"""What the suite costs when nothing happens, and how soon it is ready."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.bench.quantiles import median
from shared.bench.suite import running_suite
from shared.bench.usage import cpu_seconds, proportional_mb, resident_mb, watching

SECONDS: Final = 30
STARTS: Final = 5
_SETTLE_SECONDS: Final = 6
_LEAST_SECONDS: Final = 2


class IdleService(BaseModel):
    """One service doing nothing."""

    model_config = ConfigDict(frozen=True)

    cpu_percent: float
    """Of one core."""
    resident_mb: float
    proportional_mb: float | None
    """With what the services share counted once in all; None where the kernel does not tell it."""


class Idle(BaseModel):
    """An idle suite, and its start."""

    model_config = ConfigDict(frozen=True)

    services: dict[str, IdleService]
    highest_cpu_percent: float
    highest_resident_mb: float
    fresh_start_seconds: list[float]
    """`yingda up` on an empty folder, from the command to `ready`: it makes a database first."""
    ready_seconds: float
    """The median of those."""
    second_start_seconds: float
    """On the folder of a start before."""
    others_cores: float
    """During the seconds of nothing."""


async def measure_idle(folder: Path, size: float, tell: Callable[[str], None]) -> Idle:
    """Measure 30 s of nothing and 5 fresh starts; `size` is a share of both."""
    starts, seconds = max(1, round(STARTS * size)), max(_LEAST_SECONDS, SECONDS * size)
    took = []
    for number in range(starts):
        tell(f"idle: start {number + 1} of {starts}")
        async with running_suite(folder / f"start-{number}") as suite:
            took.append(suite.ready_seconds)
    tell(f"idle: {seconds:g} s of nothing")
    async with running_suite(folder / "start-0") as suite:
        again = suite.ready_seconds
        await asyncio.sleep(_SETTLE_SECONDS)
        pids = suite.endpoints.pids
        before, began = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.monotonic()
        with watching(suite.pid, suite.names) as usage:
            await asyncio.sleep(seconds)
        passed = time.monotonic() - began
        services = {
            name: IdleService(
                cpu_percent=round((cpu_seconds(pid) - before[name]) / passed * 100, 2),
                resident_mb=resident_mb(pid),
                proportional_mb=proportional_mb(pid),
            )
            for name, pid in sorted(pids.items())
        }
    return Idle(
        services=services,
        highest_cpu_percent=max(one.cpu_percent for one in services.values()),
        highest_resident_mb=max(one.resident_mb for one in services.values()),
        fresh_start_seconds=took,
        ready_seconds=median(took),
        second_start_seconds=again,
        others_cores=usage.others_cores,
    )
