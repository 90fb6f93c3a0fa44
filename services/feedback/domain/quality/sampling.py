"""Which conversations are reviewed: a share of them, the same whoever asks and whenever (R-FB-06).

A conversation is what one agent wrote on one work order. Whether it is in the sample follows from its two ids alone, so
that replicas and repetitions agree, an agent cannot tell, and a larger share holds the smaller one.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.events import (
    CallbackCompleted,
    Event,
    WorkorderPromised,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderStep,
)

Source = Literal["responded", "resolved", "promised", "callback"]
SYSTEM: Final = "system"
_BASIS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text that an agent wrote for a customer, or about a call with one (`note`)."""

    work_order_id: str
    number: str
    agent_id: str
    department: str
    """Of the work order; the agent's own is the policy's to say."""
    source: Source
    text: str
    at: datetime

    @property
    def note(self) -> bool:
        """Whether it was written down about a call, and not for the customer to read."""
        return self.source == "callback"


def sampled(work_order_id: str, agent_id: str, percent: int) -> bool:
    """Return whether the conversation belongs to the share that is reviewed."""
    digest = hashlib.sha256(f"{work_order_id}\x1f{agent_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % _BASIS < percent * _BASIS // 100


def spoken(event: Event) -> Spoken | None:
    """Return the agent's text in `event`; None where no person wrote one for a customer.

    What is said inside the house (audience `staff`) is no conversation with a customer, and a survey's comment is the
    customer's own.
    """
    match event:
        case WorkorderResponded(audience="customer", text=text):
            return _said(event, "responded", text)
        case WorkorderResolved(text=text):
            return _said(event, "resolved", text)
        case WorkorderPromised(text=text):
            return _said(event, "promised", text)
        case CallbackCompleted(kind=kind, comment=text) if kind != "survey":
            return _said(event, "callback", text)
        case _:
            return None


def _said(event: WorkorderStep | CallbackCompleted, source: Source, text: str) -> Spoken | None:
    if not text.strip() or event.by == SYSTEM:
        return None
    return Spoken(event.work_order_id, event.number, event.by, event.department, source, text, event.at)
