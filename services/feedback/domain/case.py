"""A case: what feedback keeps of one work order, from its opening to its closing."""

from dataclasses import dataclass, replace
from typing import Final

from shared.events import (
    Grade,
    Outcome,
    Status,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderConfirmed,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderSigned,
    WorkorderStep,
    WorkorderTransferred,
)

CONCERNING: Final = (
    WorkorderResolved,
    WorkorderSigned,
    WorkorderConfirmed,
    WorkorderReopened,
    WorkorderClosed,
    WorkorderCancelled,
    WorkorderTransferred,
    WorkorderClassified,
)
"""The steps that change a case; the others are none of feedback's business."""


@dataclass(frozen=True, slots=True)
class Case:
    """One work order as feedback sees it. `score` and `solved` are the last completed callback's (R-FB-04)."""

    work_order_id: str
    number: str
    contact_id: str
    category: str
    topic: str | None
    department: str
    grade: Grade
    cycle: int
    status: Status
    traceparent: str
    outcome: Outcome | None = None
    resolution: str = ""
    draft_waiting: bool = False
    """Closed well, but the contact's text has not arrived yet (another replica has it)."""
    score: int | None = None
    solved: bool | None = None


def opened(event: WorkorderOpened, traceparent: str) -> Case:
    """Return the new case of a work order; its events continue the trace `traceparent`."""
    return Case(
        work_order_id=event.work_order_id,
        number=event.number,
        contact_id=event.contact_id,
        category=event.category,
        topic=event.topic,
        department=event.department,
        grade=event.grade,
        cycle=event.cycle,
        status="opened",
        traceparent=traceparent,
    )


def after(case: Case, event: WorkorderStep) -> Case:
    """Return the case after one step of its work order."""
    moved = replace(case, department=event.department, status=event.status, cycle=event.cycle)
    if isinstance(event, WorkorderResolved):
        return replace(moved, outcome=event.outcome, resolution=event.text)
    if isinstance(event, WorkorderClosed):
        return replace(moved, outcome=event.outcome)
    if isinstance(event, WorkorderClassified | WorkorderReopened):
        return replace(moved, category=event.category, topic=event.topic, grade=event.grade)
    return moved


def approved(event: WorkorderStep) -> bool:
    """Return whether `event` approves the result, so that the customer may be told (R-RT-06, docs/adr/0005)."""
    if isinstance(event, WorkorderSigned):
        return not event.confirmation_required
    return isinstance(event, WorkorderConfirmed)
