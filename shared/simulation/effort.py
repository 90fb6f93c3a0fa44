"""How long people take over a contact: drawn from a seed and the contact alone, so the same under every policy."""

import math
import random
from dataclasses import dataclass
from typing import Final

_SPREAD: Final = 0.6
"""Of the logarithm of every time: most are shorter than the mean, a few several times as long."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds of work that each step takes, and whether the customer is satisfied in the end."""

    triage: int
    read: int
    work: int
    sign: int
    confirm: int
    call: int
    satisfied: bool

    @property
    def of_department(self) -> int:
        """Seconds of work of the owning department's agents."""
        return self.read + self.work


MEAN_MINUTES: Final = {"triage": 2.0, "read": 5.0, "work": 25.0, "sign": 2.0, "confirm": 4.0, "call": 5.0}
"""Assumed, not measured: what the steps of a work order take on average. A comparison of two policies under the same
effort says more than either figure alone."""
SATISFIED: Final = 0.95


def effort_of(seed: int, contact: int) -> Effort:
    """Return the effort of the contact with that position in the history."""
    draw = random.Random(seed * 1_000_003 + contact)  # noqa: S311 (a simulation, not a secret)
    minutes = {step: _around(draw, mean) for step, mean in MEAN_MINUTES.items()}
    return Effort(
        **{step: max(1, round(60 * value)) for step, value in minutes.items()}, satisfied=draw.random() < SATISFIED
    )


def _around(draw: random.Random, mean: float) -> float:
    return draw.lognormvariate(math.log(mean) - _SPREAD**2 / 2, _SPREAD)
