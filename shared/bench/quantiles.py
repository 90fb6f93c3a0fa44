"""Percentiles of measured seconds, told in milliseconds."""

from collections.abc import Sequence
from math import ceil

from pydantic import BaseModel, ConfigDict

QUANTILES = (50, 95, 99)


class Quantiles(BaseModel):
    """Nearest-rank percentiles in milliseconds: each is a value that was measured."""

    model_config = ConfigDict(frozen=True)

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


def quantiles(seconds: Sequence[float]) -> Quantiles:
    """Return the percentiles of `seconds`, of which there is at least one."""
    ordered = sorted(seconds)
    p50, p95, p99 = (_milliseconds(ordered[ceil(len(ordered) * q / 100) - 1]) for q in QUANTILES)
    return Quantiles(count=len(ordered), p50_ms=p50, p95_ms=p95, p99_ms=p99, max_ms=_milliseconds(ordered[-1]))


def median(values: Sequence[float]) -> float:
    """Return the middle of `values`, the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
