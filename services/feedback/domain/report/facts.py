"""What a batch of events changes in the facts of work orders that reports are made from (R-FB-05)."""

from dataclasses import dataclass
from datetime import datetime

from shared.events import (
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderMerged,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderStep,
)


@dataclass(slots=True)
class Change:
    """What happened to one work order in a batch; None: nothing of that."""

    work_order_id: str
    department: str
    category: str | None = None
    topic: str | None = None
    grade: str | None = None
    responded_at: datetime | None = None
    """The first response; an earlier one stays."""
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    outcome: str | None = None
    reopened: int = 0

    def apply(self, event: WorkorderStep) -> None:
        """Take in one more step, in the order of the versions."""
        self.department = event.department
        match event:
            case WorkorderResponded():
                self.responded_at = self.responded_at or event.at
            case WorkorderResolved():
                self.resolved_at = event.at
            case WorkorderClosed():
                self.closed_at, self.outcome = event.at, event.outcome
            case WorkorderCancelled() | WorkorderMerged():
                self.cancelled_at = event.at
            case WorkorderClassified():
                self._classify(event)
            case WorkorderReopened():
                self._classify(event)
                self.reopened += 1
                self.closed_at = self.outcome = None
            case _:
                pass

    def _classify(self, event: WorkorderClassified | WorkorderReopened) -> None:
        self.category, self.topic, self.grade = event.category, event.topic, event.grade
