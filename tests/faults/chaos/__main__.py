"""One run by hand: python -m tests.faults.chaos --contacts 1000 --faults 15 --seconds 60 --speed 60 --seed 1."""

import argparse
import asyncio
import random
from pathlib import Path

from tests.faults.chaos.plan import make_plan
from tests.faults.chaos.report import told
from tests.faults.chaos.run import run


def main() -> None:
    """Print the seed first and the figures at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--contacts", type=int, default=1_000)
    parser.add_argument("--faults", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--minutes", type=float, default=45.0, help="longest pause before a step of the staff")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    _print(f"seed {given.seed}")
    plan = make_plan(
        given.seed,
        contacts=given.contacts,
        faults=given.faults,
        seconds=given.seconds,
        longest_minutes=given.minutes,
    )
    verdict = asyncio.run(run(plan, speed=given.speed, keep=given.keep, tell=_print))
    _print(told(verdict))


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (a command line prints)


if __name__ == "__main__":
    main()
