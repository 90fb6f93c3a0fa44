"""The work order 工作单 as a frozen value, and what a decision about it can be (R-RT-06)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from shared.events import Emotion, Grade, Outcome, Status, Tendency, WorkorderStep
from shared.values import frozen, replace

Queue = Literal["department", "triage"]

SYSTEM: Final = "system"
"""`by` of a step that nobody asked for."""

OPEN: Final[frozenset[Status]] = frozenset({"opened", "responded", "paused"})
"""The department works on it, or waits for the customer."""
ENDED: Final[frozenset[Status]] = frozenset({"closed", "cancelled", "merged"})
LIVE: Final[frozenset[Status]] = OPEN | {"resolved", "signed", "confirmed", "called_back"}


@frozen
class WorkOrder:
    """One work order at one version. Times are aware; `version` counts its events without gaps, `cycle` its reopenings."""

    id: str
    number: str
    contact_id: str
    source_id: str
    customer_id: str
    channel: str
    category: str
    topic: str | None
    grade: Grade
    sensitive: bool
    sensitive_reasons: tuple[str, ...]
    attitude: Emotion | None
    """The emotion an agent marked, told with a sensitive matter (R-RT-05)."""
    complaints_before: int
    """Earlier complaints of the customer within the policy's time (R-RT-05)."""
    department: str
    queue: Queue
    classified_by: str
    confidence: float
    evidence: tuple[str, ...]
    suggested_category: str | None
    suggested_topic: str | None
    missing_fields: tuple[str, ...]
    cutoff_at: datetime | None
    confirmation_required: bool
    policy_version: str
    traceparent: str
    """The trace that every message of the contact shares (R-OB-04)."""
    occurred_at: datetime
    registered_at: datetime
    opened_at: datetime
    status: Status = "opened"
    before: Status | None = None
    """The status that the end of a pause, or the return of a result, leads back to."""
    version: int = 1
    cycle: int = 1
    assignee: str | None = None
    collaborators: tuple[str, ...] = ()
    """Departments that were asked for a deliverable (R-RT-09)."""
    outcome: Outcome | None = None
    resolved_by: str | None = None
    tendency: Tendency | None = None
    """To complain; told with a sensitive matter (R-RT-05)."""
    verification_reasons: tuple[str, ...] = ()
    """Why no result may be recorded before the customer is verified; none where nothing asks for it (R-IN-05)."""
    verified: bool = False
    tags: tuple[str, ...] = ()
    tier: str | None = None
    conversation_ended_at: datetime | None = None
    links: tuple[str, ...] = ()
    """Ids of the work orders about the same matter (R-IN-06)."""
    merged_into: str | None = None
    """The work order that goes on instead of this one (R-RT-06)."""

    def next(self, **changes: Any) -> "WorkOrder":
        """Return the work order after one more step."""
        return replace(self, version=self.version + 1, **changes)

    def told(self, by: str, at: datetime, reason: str | None = None) -> dict[str, Any]:
        """Return what the event of the step that led here tells in common with every other (contract, "Events")."""
        return {
            "work_order_id": self.id,
            "number": self.number,
            "department": self.department,
            "status": self.status,
            "version": self.version,
            "cycle": self.cycle,
            "by": by,
            "at": at,
            "reason": reason,
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """The step is legal: the work order afterwards, and one event for each version it gained."""

    work_order: WorkOrder
    events: tuple[WorkorderStep, ...]
    beside: "Decided | None" = None
    """What the same step does to another work order: the other side of a link."""

    def after(self, earlier: tuple[WorkorderStep, ...]) -> "Decided":
        """Return the decision with the steps that led here before it."""
        return Decided(self.work_order, (*earlier, *self.events), self.beside)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The step is not done and nothing changes. `status` is the HTTP status, `field` the command's field at fault."""

    status: int
    kind: str
    title: str
    detail: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event of another service has no effect on the work order, and why."""

    why: str


def illegal(detail: str) -> Refusal:
    """Refuse a step that the work order's state does not allow (R-RT-06)."""
    return Refusal(409, "illegal-step", "This step is not possible now", detail)


def forbidden(detail: str) -> Refusal:
    """Refuse a step that this person may not take (R-RT-07)."""
    return Refusal(403, "not-allowed", "This step is for somebody else", detail)


def invalid(field: str, detail: str) -> Refusal:
    """Refuse a command whose content makes no sense here."""
    return Refusal(422, "invalid-content", "The command's content cannot be used", detail, field)
