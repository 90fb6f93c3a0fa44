"""Lengths of time as the handbook writes them: ``45m business`` runs on an office calendar, ``24h wall`` runs always."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, Self

Kind = Literal["business", "wall"]

_WORKING_DAY: Final = 8 * 3600  # handbook, section 1: one working day = 480 business minutes
_SECONDS: Final[dict[str, dict[str, int]]] = {
    "business": {"s": 1, "m": 60, "h": 3600, "d": _WORKING_DAY},
    "wall": {"s": 1, "m": 60, "h": 3600, "d": 86_400},
}
_FEW_HOURS: Final = 72 * 3600  # the handbook says 24h and 48h, but 7 days
_LONGEST: Final = 10 * 366 * 86_400

#: What a written duration looks like; also published in the JSON Schema of the policy.
DURATION_PATTERN: Final = r"^(\d{1,9})([smhd]) (business|wall)$"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in whole seconds, of business time or of wall time; ``Duration.parse(str(d)) == d``."""

    seconds: int
    kind: Kind

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= _LONGEST:
            raise ValueError(f"a duration lies between 0 seconds and ten years, not at {self.seconds} seconds")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``45m business``, ``2d business`` (960 minutes) or ``24h wall``; ValueError says how it is written."""
        found = re.fullmatch(DURATION_PATTERN, text)
        if found is None:
            raise ValueError(f'"{text}" is not a duration; write it as "45m business", "2d business" or "24h wall"')
        count, unit, kind = found.groups()
        return cls(int(count) * _SECONDS[kind][unit], "business" if kind == "business" else "wall")

    @classmethod
    def business(cls, *, minutes: int) -> Self:
        """`minutes` of office time."""
        return cls(minutes * 60, "business")

    @classmethod
    def wall(cls, *, minutes: int) -> Self:
        """`minutes` of ordinary time."""
        return cls(minutes * 60, "wall")

    @property
    def timedelta(self) -> timedelta:
        """The bare length, whatever the kind."""
        return timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        units = _SECONDS[self.kind]
        tried = "hms" if self.kind == "wall" and self.seconds < _FEW_HOURS else "dhms"
        unit = next(unit for unit in tried if self.seconds % units[unit] == 0)
        return f"{self.seconds // units[unit]}{unit} {self.kind}"
