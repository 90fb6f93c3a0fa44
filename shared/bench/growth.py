"""What a year of stored work does to speed: the same contacts on an empty database and on a full one, by turns."""

import shutil
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.bench.contacts import Customers
from shared.bench.latency import measure_lone, warm_up
from shared.bench.listening import listening
from shared.bench.quantiles import Quantiles
from shared.bench.seeding import Seeded, seed
from shared.bench.suite import running_suite
from shared.bench.throughput import SuiteRun, run_suite
from shared.bench.usage import until_idle
from shared.service import installed_services

WORK_ORDERS: Final = 1_000_000
CLOCKS: Final = 5_000_000
CONTACTS: Final = 10_000
LONE: Final = 200
ROUNDS: Final = 2
"""A machine's speed changes from minute to minute, so both sides are measured more than once, one after the other."""
SETTLE_SECONDS: Final = 900.0
CALM_SECONDS: Final = 10.0
"""Feedback writes the reports of the whole year that is stored, one after the other with a pause: they are not what is measured."""
NEXT_DAY: Final = "2026-11-24T10:00:00+08:00"
"""The morning after the day that is stored."""
ROOM_GB: Final = 50
"""What the whole measurement takes on the disk."""
_LEAST: Final = 60
_LEAST_LONE: Final = 10


class Side(BaseModel):
    """How fast the suite was on one database."""

    model_config = ConfigDict(frozen=True)

    run: SuiteRun
    lone: Quantiles


class Round(BaseModel):
    """Both sides, within minutes."""

    model_config = ConfigDict(frozen=True)

    empty: Side
    full: Side


class Growth(BaseModel):
    """Full beside empty; the ratios, of the sums of all rounds, are 1 where nothing has changed."""

    model_config = ConfigDict(frozen=True)

    stored: Seeded
    rounds: Sequence[Round]
    throughput_ratio: float
    """Contacts per second, full to empty: less than 1 is slower."""
    cpu_ratio: float
    """Processor time for a contact, full to empty: more than 1 is dearer. Others on the machine change it least."""
    lone_p50_ratio: float
    lone_p95_ratio: float
    lone_p99_ratio: float
    """Latency, full to empty: more than 1 is slower."""


class NoRoomError(Exception):
    """The disk is too small for the measurement."""


async def measure_growth(folder: Path, size: float, tell: Callable[[str], None]) -> Growth:
    """Store a million work orders, then measure empty and full by turns; `size` is a share of these and of the contacts sent.

    Each turn on an empty database has one of its own; the full one keeps what the turn before left.
    """
    free = shutil.disk_usage(folder).free / 1e9
    if free < ROOM_GB * size:
        raise NoRoomError(f"growth needs {ROOM_GB * size:.0f} GB on the disk, and {free:.0f} are free")
    services = installed_services()
    contacts, lone = max(_LEAST, round(CONTACTS * size)), max(_LEAST_LONE, round(LONE * size))
    runs = count(2)  # each has customers of its own

    async def side(name: str, place: Path) -> Side:
        tell(f"growth: {lone} lone contacts, then {contacts}, on the {name} database")
        customers = Customers(next(runs))
        async with running_suite(place, clock=NEXT_DAY) as suite:
            async with listening(suite.client) as openings:
                await warm_up(suite, customers, openings)
                await until_idle(suite.pid, SETTLE_SECONDS, CALM_SECONDS)
                alone = await measure_lone(suite, customers, openings, lone)
            await until_idle(suite.pid, SETTLE_SECONDS, CALM_SECONDS)
            passed, _ = await run_suite(suite, services, customers.contacts(contacts, suite.clock.now()))
        return Side(run=passed, lone=alone)

    stored = await seed(folder / "full", services, round(WORK_ORDERS * size), round(CLOCKS * size), tell)
    return compared(
        stored,
        [
            Round(empty=await side("empty", folder / f"empty-{turn}"), full=await side("full", folder / "full"))
            for turn in range(ROUNDS)
        ],
    )


def compared(stored: Seeded, rounds: Sequence[Round]) -> Growth:
    """Return `rounds` with what they say together."""

    def ratio(measured: Callable[[Side], float]) -> float:
        full, empty = sum(measured(one.full) for one in rounds), sum(measured(one.empty) for one in rounds)
        return round(full / empty, 3)

    return Growth(
        stored=stored,
        rounds=rounds,
        throughput_ratio=ratio(lambda side: side.run.contacts_per_second),
        cpu_ratio=ratio(lambda side: side.run.cpu_us_in_all),
        lone_p50_ratio=ratio(lambda side: side.lone.p50_ms),
        lone_p95_ratio=ratio(lambda side: side.lone.p95_ms),
        lone_p99_ratio=ratio(lambda side: side.lone.p99_ms),
    )
