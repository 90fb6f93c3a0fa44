"""What follows for a work order from other services' events: the end of a callback, a step of the escalation ladder."""

from typing import Final

from services.routing.domain.steps import reopened
from services.routing.domain.workorder import ENDED, SYSTEM, Decided, Ignored, WorkOrder
from shared.events import (
    CallbackCompleted,
    Outcome,
    SlaEscalated,
    Status,
    WorkorderCalledBack,
    WorkorderClosed,
    WorkorderEscalated,
)
from shared.policy import Policy

UNSATISFIED: Final = "客户对处理结果不满意 (the customer is not satisfied)"


def after_callback(work_order: WorkOrder, event: CallbackCompleted) -> Decided | Ignored:
    """Close the work order, or reopen it where the customer is not satisfied (R-FB-03).

    Only the callback of the present cycle counts, and only once the result may be told: a work order that was
    reopened or cancelled meanwhile stays as it is. A supervisor's second contact and a survey's answer, which come
    after the closing, can reopen a closed one. A call returned at the beginning (R-IN-10) has no result to tell.
    """
    if event.kind == "return_call":
        return Ignored("a returned call closes nothing")
    if event.cycle != work_order.cycle:
        return Ignored(f"the callback belongs to cycle {event.cycle}")
    if work_order.status != _awaiting(work_order) and not (event.reopen and work_order.status == "closed"):
        return Ignored(f"the work order is {work_order.status}")
    if event.reopen:
        return reopened(
            work_order, event.by, event.at, event.comment.strip() or event.suggestion.strip() or UNSATISFIED
        )
    if event.kind == "supervisor_contact":
        return Ignored("a supervisor's second contact closes nothing")
    called = work_order.next(status="called_back")
    outcome = _outcome(work_order, event)
    closed = called.next(status="closed", outcome=outcome)
    return Decided(
        closed,
        (
            WorkorderCalledBack(**called.told(event.by, event.at), callback_id=event.callback_id),
            WorkorderClosed(**closed.told(SYSTEM, event.at), outcome=outcome),
        ),
    )


def after_escalation(work_order: WorkOrder, event: SlaEscalated, policy: Policy) -> Decided | Ignored:
    """Record who was told of a deadline missed (R-SLA-10); a work order that has ended troubles nobody."""
    if work_order.status in ENDED:
        return Ignored(f"the work order is {work_order.status}")
    after = work_order.next()
    escalated = WorkorderEscalated(
        **after.told(SYSTEM, event.at, f"{event.metric} was due and is not met"),
        metric=event.metric,
        step=event.step,
        to=(_told(work_order, event, policy),),
    )
    return Decided(after, (escalated,))


def _awaiting(work_order: WorkOrder) -> Status:
    return "confirmed" if work_order.confirmation_required else "signed"


def _outcome(work_order: WorkOrder, event: CallbackCompleted) -> Outcome:
    """Return the result's own outcome when the customer agreed to it; what nobody could ask about is pending."""
    if event.outcome == "reached" and event.solved is not False:
        return work_order.outcome or "resolved"
    return "pending"


def _told(work_order: WorkOrder, event: SlaEscalated, policy: Policy) -> str:
    """Return the id of the member of staff on that step of the ladder; without an assignee, the supervisor."""
    known = work_order.department in policy.departments
    department = work_order.department if known else policy.service.id
    if event.step == "assignee" and work_order.assignee is not None:
        return work_order.assignee
    if event.step == "head":
        return policy.head_of(department).id
    if event.step == "manager":
        return policy.manager.id
    return policy.supervisor_of(department).id
