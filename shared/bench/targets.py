"""What is wanted of the suite, in one place; a run with `--targets` fails where one is missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Target:
    """One figure of a part's result, by its dotted path, and its bound."""

    part: str
    path: str
    words: str
    bound: float
    is_: Literal["at least", "at most"]
    unit: str = ""


TARGETS: Final[Sequence[Target]] = (
    Target("throughput", "suite_to_bare", "throughput, suite to bare pipeline", 0.5, "at least"),
    Target("throughput", "suite.contacts_per_second", "contacts through the suite", 1_500, "at least", "/s"),
    Target("latency", "lone.p99_ms", "a lone contact to its work order, p99", 100, "at most", " ms"),
    Target("latency", "steady.to_work_order.p99_ms", "at 300 contacts a second, p99", 250, "at most", " ms"),
    Target("deadlines", "armed.clocks_per_second", "clocks armed by events, two processes", 10_000, "at least", "/s"),
    Target("deadlines", "detection.lateness.p99_ms", "a breach is found, p99", 1_000, "at most", " ms"),
    Target("deadlines", "detection.missed", "breaches missed", 0, "at most"),
    Target("deadlines", "detection.twice", "breaches told twice", 0, "at most"),
    Target("deadlines", "detection.early", "breaches told early", 0, "at most"),
    Target("deadlines", "memory_growth_mb", "memory of the watcher, while they run out", 10, "at most", " MB"),
    Target("growth", "throughput_ratio", "throughput, full to empty", 0.8, "at least"),
    Target("growth", "lone_p50_ratio", "lone latency p50, full to empty", 1.2, "at most"),
    Target("growth", "lone_p95_ratio", "lone latency p95, full to empty", 1.2, "at most"),
    Target("idle", "highest_cpu_percent", "the idle service that takes most of a core", 1.0, "at most", " %"),
    Target("idle", "highest_resident_mb", "the largest idle service", 120, "at most", " MB"),
    Target("idle", "ready_seconds", "`yingda up` to ready, median", 6.0, "at most", " s"),
)


class Verdict(BaseModel):
    """One target and what was measured."""

    model_config = ConfigDict(frozen=True)

    part: str
    words: str
    wanted: str
    measured: float
    met: bool

    @property
    def sentence(self) -> str:
        """What is missed, for a person."""
        return f"{self.part}: {self.words}: {self.measured:g}, wanted {self.wanted}"


def verdicts(parts: Mapping[str, Mapping[str, Any]]) -> list[Verdict]:
    """Return a verdict for each target of the parts that were measured, which are given as plain values."""
    return [_verdict(target, parts[target.part]) for target in TARGETS if target.part in parts]


def _verdict(target: Target, result: Mapping[str, Any]) -> Verdict:
    measured = float(reduce(lambda value, name: value[name], target.path.split("."), result))  # type: ignore[arg-type]
    met = measured >= target.bound if target.is_ == "at least" else measured <= target.bound
    return Verdict(
        part=target.part,
        words=target.words,
        wanted=f"{target.is_} {target.bound:,g}{target.unit}",
        measured=measured,
        met=met,
    )
