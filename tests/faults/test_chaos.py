"""Guarantee 1: contacts delivered up to three times, everything going wrong by a seeded plan, nothing lost or doubled.

`make faults SEED=17` repeats a run: the same seed gives the same plan.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.chaos.plan import Plan, make_plan
from tests.faults.chaos.report import told
from tests.faults.chaos.run import run

SMALL_SEED = 20261123


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tell how far a long run is, past what pytest keeps back."""

    def tell(line: str) -> None:
        with capfd.disabled():
            print(line, flush=True)  # noqa: T201 (whoever waits for minutes wants to see)

    return tell


async def holds(plan: Plan, speed: float, say: Callable[[str], None]) -> None:
    """Carry out `plan` and fail with every id that is not as it must be."""
    say(f"\nchaos with SEED={plan.seed}: {len(plan.lives)} contacts, {len(plan.faults)} faults")
    keep = os.environ.get("KEEP")
    verdict = await run(plan, speed=speed, keep=Path(keep) if keep else None, tell=say)
    say(told(verdict))
    assert verdict.figures["faults"] == len(plan.faults)
    assert verdict.figures["deliveries acknowledged"] >= plan.deliveries
    assert not verdict.findings, f"SEED={plan.seed}\n{told(verdict)}\n{verdict.logs}"


@pytest.mark.timeout(480)
async def test_a_few_faults_lose_and_double_nothing(say: Callable[[str], None]) -> None:
    """R-IN-06, R-RT-06, R-SLA-09, R-NT-04."""
    await holds(make_plan(SMALL_SEED, contacts=500, faults=10, seconds=20.0, longest_minutes=6.0), 120, say)


@pytest.mark.slow_faults
@pytest.mark.timeout(2_400)
async def test_three_hundred_faults_lose_and_double_nothing(say: Callable[[str], None]) -> None:
    """R-IN-06, R-RT-06, R-SLA-09, R-NT-04."""
    seed = int(os.environ.get("SEED") or random.randrange(1_000_000))
    await holds(make_plan(seed, contacts=20_000, faults=300, seconds=600.0, longest_minutes=30.0), 25, say)
