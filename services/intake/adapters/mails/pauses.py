"""Pauses that grow while something fails, and never at the same moment everywhere."""

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Pauses:
    """The next pause is twice the last one, up to `longest` seconds; `over` begins anew."""

    first: float = 1.0
    longest: float = 300.0
    _failures: int = 0

    def next(self, at_least: float = 0.0) -> float:
        """Return the seconds to wait now: between half and all of what is due."""
        whole = min(max(self.first, at_least) * 2.0 ** min(self._failures, 20), max(self.longest, at_least))
        self._failures += 1
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, hides nothing)

    def over(self) -> None:
        """Begin anew: it works."""
        self._failures = 0
