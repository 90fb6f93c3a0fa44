"""Runs the parts that are wanted, one after the other, each in a folder of its own that is gone afterwards."""

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from shared.bench.deadlines import measure_deadlines
from shared.bench.growth import measure_growth
from shared.bench.idle import measure_idle
from shared.bench.latency import measure_latency
from shared.bench.machine import Machine, machine
from shared.bench.targets import Verdict, verdicts
from shared.bench.throughput import measure_throughput

Part = Callable[[Path, float, Callable[[str], None]], Awaitable[BaseModel]]

PARTS: Final[Mapping[str, Part]] = {
    "idle": measure_idle,
    "latency": measure_latency,
    "throughput": measure_throughput,
    "deadlines": measure_deadlines,
    "growth": measure_growth,
}
"""In the order in which all are run: what fills the disk comes last."""


class BenchRun(BaseModel):
    """What a run found; `parts` are the results as plain values."""

    model_config = ConfigDict(frozen=True)

    machine: Machine
    size: float
    parts: dict[str, dict[str, Any]]
    targets: list[Verdict]


async def run_bench(parts: Sequence[str], size: float, directory: Path, tell: Callable[[str], None]) -> BenchRun:
    """Measure `parts` at `size`, a share of the whole measurement, with all data below `directory`."""
    facts = machine()
    results: dict[str, dict[str, Any]] = {}
    directory.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 (before anything runs that could wait)
    for name in parts:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=directory))
        folder.chmod(0o711)  # noqa: ASYNC240 (same); where we are root, PostgreSQL runs as another user
        try:
            results[name] = (await PARTS[name](folder, size, tell)).model_dump()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return BenchRun(machine=facts, size=size, parts=results, targets=verdicts(results))
