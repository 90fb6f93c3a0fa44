"""One call of a customer, as far as it was watched."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from math import ceil
from typing import Any, Self

MOMENTS = ("began_at", "ringing_at", "answered_at", "ended_at", "held_at")


@dataclass(frozen=True, slots=True)
class Call:
    """A call from the customer's channel coming to be until it is gone. Times are aware."""

    call_id: str
    caller: str
    called: str
    began_at: datetime
    ringing_at: datetime | None = None
    """Since when somebody's telephone rings."""
    answered_at: datetime | None = None
    answered_by: str | None = None
    """The channel of whoever answered."""
    extension: str | None = None
    held_at: datetime | None = None
    """Since when the customer is on hold; None while not."""
    hold_seconds: float | None = None
    """The longest time on hold (R-IN-10)."""
    ended_at: datetime | None = None
    over: bool = False
    unobserved: bool = False
    """True where its end came while nobody watched: then `ended_at` is None."""

    def record(self, agents: dict[str, str], ring_seconds: float) -> dict[str, Any]:
        """Return the call record that the phone channel reads (`services.intake.plugins.call_record`)."""
        record: dict[str, Any] = {
            "call_id": self.call_id,
            "caller": self.caller,
            "called": self.called,
            "began_at": self.began_at.isoformat(),
            "answered_at": self.answered_at.isoformat() if self.answered_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "agent_id": agents.get(self.extension or ""),
            "rings": self._rings(ring_seconds),
            "hold_seconds": self.hold_seconds,
        }
        if self.extension:
            record["extension"] = self.extension
        if self.unobserved:
            record["unobserved"] = True
        return record

    def _rings(self, ring_seconds: float) -> int | None:
        until = self.answered_at or self.ended_at
        if self.ringing_at is None or until is None:
            return None
        return ceil(max(0.0, (until - self.ringing_at).total_seconds()) / ring_seconds)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        told = asdict(self)
        return told | {name: told[name].isoformat() for name in MOMENTS if told[name] is not None}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """Return the call; KeyError, TypeError or ValueError where it is none."""
        known = {field.name: told[field.name] for field in fields(cls) if field.name in told}
        return cls(**known | {name: datetime.fromisoformat(known[name]) for name in MOMENTS if known.get(name)})
