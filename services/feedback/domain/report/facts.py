"""What a batch of events changes in the facts of work orders that reports are made from (R-FB-05)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.events import (
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderCollaborated,
    WorkorderDelivered,
    WorkorderMerged,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderStep,
    WorkorderSupplemented,
    WorkorderTransferred,
)

Deed = Literal["told", "noted", "resolved", "asked", "delivered", "completed"]
"""What deadlines wait for: the customer told, colleagues told, a result, help asked for or given, a complete register."""


@dataclass(slots=True)
class Change:
    """What happened to one work order in a batch; None: nothing of that."""

    work_order_id: str
    department: str
    category: str | None = None
    topic: str | None = None
    grade: str | None = None
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    outcome: str | None = None
    reopened: int = 0

    def apply(self, event: WorkorderStep) -> None:
        """Take in one more step, in the order of the versions."""
        self.department = event.department
        match event:
            case WorkorderClosed():
                self.closed_at, self.outcome = event.at, event.outcome
            case WorkorderCancelled() | WorkorderMerged():
                self.cancelled_at = event.at
            case WorkorderClassified():
                self._classify(event)
            case WorkorderReopened():
                self._classify(event)
                self.reopened += 1
                self.closed_at = self.cancelled_at = self.outcome = None
            case _:
                pass

    def _classify(self, event: WorkorderClassified | WorkorderReopened) -> None:
        self.category, self.topic, self.grade = event.category, event.topic, event.grade


def deed(event: WorkorderStep) -> tuple[Deed, bool] | None:
    """Return what `event` did that a deadline waits for, and whether the owning department did it; None for nothing.

    The same reading as that of the clocks: a colleague's note to colleagues is no answer (R-SLA-01).
    """
    done: tuple[Deed, bool] | None = None
    match event:
        case WorkorderResponded(audience="customer"):
            done = "told", event.by_department == event.department
        case WorkorderResponded() if event.by_department == event.department:
            done = "noted", True
        case WorkorderResolved():
            done = "resolved", True
        case WorkorderCollaborated() | WorkorderTransferred():
            done = "asked", True
        case WorkorderDelivered(declined=False):
            done = "delivered", False
        case WorkorderSupplemented(missing_fields=()):
            done = "completed", False
        case _:
            pass
    return done
