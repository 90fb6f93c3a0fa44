"""A case: what feedback keeps of one work order, from its opening to its closing."""

from datetime import datetime
from typing import Final

from shared.events import (
    Grade,
    Outcome,
    Status,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderConfirmed,
    WorkorderMerged,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderSigned,
    WorkorderStep,
    WorkorderTagged,
)
from shared.values import frozen, replace

ENDED: Final[frozenset[Status]] = frozenset({"closed", "cancelled", "merged"})


@frozen
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
    customer_id: str = ""
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    cutoff_at: datetime | None = None
    """When it was handed over; of an outbound contact the time that it is planned for."""
    tags: tuple[str, ...] = ()
    """R-RT-11: kept on the customer's file, where they are searched."""


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
        customer_id=event.customer_id,
        opened_at=event.opened_at,
        cutoff_at=event.cutoff_at,
        tags=event.tags,
    )


def after(case: Case, event: WorkorderStep) -> Case:
    """Return the case after one step of its work order."""
    moved = replace(case, department=event.department, status=event.status, cycle=event.cycle)
    if isinstance(event, WorkorderResolved):
        return replace(moved, outcome=event.outcome, resolution=event.text)
    if isinstance(event, WorkorderClosed):
        return replace(moved, outcome=event.outcome, ended_at=event.at)
    if isinstance(event, WorkorderCancelled | WorkorderMerged):
        return replace(moved, ended_at=event.at)
    if isinstance(event, WorkorderReopened):
        moved = replace(moved, ended_at=None)
    if isinstance(event, WorkorderClassified | WorkorderReopened):
        return replace(moved, category=event.category, topic=event.topic, grade=event.grade)
    if isinstance(event, WorkorderTagged):
        return replace(moved, tags=event.tags)
    return moved


def approved(event: WorkorderStep) -> bool:
    """Return whether `event` approves the result, so that the customer may be told (R-RT-06, docs/adr/0005)."""
    if isinstance(event, WorkorderSigned):
        return not event.confirmation_required
    return isinstance(event, WorkorderConfirmed)
