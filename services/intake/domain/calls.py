"""The figures of telephone calls: which limits a call exceeded, and how many did, per agent and day (R-IN-10)."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from shared.events import Call, CallFigures, CallLimit
from shared.policy import Policy

NOBODY = ""
"""Whose call it is that nobody answered."""


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls answered and missed, and how many exceeded each limit."""

    answered: int = 0
    missed: int = 0
    rings: int = 0
    introduction: int = 0
    hold: int = 0
    call: int = 0

    def __add__(self, other: "CallCounts") -> "CallCounts":
        return CallCounts(*(getattr(self, name) + getattr(other, name) for name in COUNTS))

    @property
    def calls(self) -> int:
        """All calls, answered or not."""
        return self.answered + self.missed

    @property
    def answer_rate(self) -> float:
        """The share of calls that were answered, from 0 to 1; without any call nobody was left waiting."""
        return self.answered / self.calls if self.calls else 1.0


COUNTS = tuple(field.name for field in fields(CallCounts))
LIMITS: tuple[CallLimit, ...] = ("rings", "introduction", "hold", "call")


def judged(figures: CallFigures, duration_seconds: float | None, policy: Policy) -> Call:
    """Return the call with the limits it exceeded; a figure exactly at its limit is within it, a missing one as well."""
    limits = policy.intake.answering
    over = {
        "rings": (figures.rings or 0) > limits.rings,
        "introduction": (figures.introduction_seconds or 0) > limits.introduction.seconds,
        "hold": (figures.hold_seconds or 0) > limits.hold.seconds,
        "call": (duration_seconds or 0) > limits.call.seconds,
    }
    known = {name: getattr(figures, name) for name in CallFigures.model_fields}
    return Call(**known, exceeded=tuple(name for name in LIMITS if over[name]))


def counted(calls: Iterable[tuple[date, str | None, Call]]) -> dict[tuple[date, str], CallCounts]:
    """Return the counts of calls by local day and agent."""
    found: dict[tuple[date, str], CallCounts] = {}
    for day, agent_id, call in calls:
        key = (day, agent_id or NOBODY)
        over = {name: int(name in call.exceeded) for name in LIMITS}
        one = CallCounts(answered=int(not call.missed), missed=int(call.missed), **over)
        found[key] = found.get(key, CallCounts()) + one
    return found
