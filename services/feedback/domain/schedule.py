"""When a callback is due, by whom it is made, and with which script (R-FB-01, R-SLA-05, R-SLA-06, R-IN-10)."""

from datetime import datetime
from typing import Final

from services.feedback.domain.callback import Callback
from services.feedback.domain.case import Case
from services.feedback.domain.return_call import ReturnCall
from shared.events import CallbackScheduled, CallbackWithdrawn
from shared.policy import BusinessCalendar, Duration, Policy, due

SUPERVISOR_SCRIPT: Final = "supervisor_contact"
RETURN_SCRIPT: Final = "return_call"
_PLAIN_SCRIPT: Final = "product_project"


def callback_for(case: Case, callback_id: str, approved_at: datetime, policy: Policy) -> Callback:
    """Return the callback of an approved result, due as the policy's target `callback` says (R-SLA-05).

    An outbound contact is itself the call: it is due at the time that it is planned for, where that is still to come.
    """
    category = policy.categories.get(case.category)
    planned = case.cutoff_at if category is not None and category.outbound else None
    usual = due(approved_at, _callback_target(case, policy), _calendar(case, policy))
    return Callback(
        id=callback_id,
        work_order_id=case.work_order_id,
        kind="callback",
        cycle=case.cycle,
        script=category.script if category else _PLAIN_SCRIPT,
        assignee=None,
        scheduled_at=approved_at,
        due_at=planned if planned is not None and planned > approved_at else usual,
    )


def second_contact_for(case: Case, callback_id: str, cycle: int, scored_at: datetime, policy: Policy) -> Callback:
    """Return the contact that the department's supervisor makes after a low score in `cycle` (R-SLA-06)."""
    return Callback(
        id=callback_id,
        work_order_id=case.work_order_id,
        kind="supervisor_contact",
        cycle=cycle,
        script=SUPERVISOR_SCRIPT,
        assignee=policy.supervisor_of(home(case, policy)).id,
        scheduled_at=scored_at,
        due_at=due(scored_at, policy.sla.supervisor_contact, _calendar(case, policy)),
    )


def return_call_for(case: Case, callback_id: str, want: ReturnCall, policy: Policy) -> Callback:
    """Return the call that answers a missed or unresolved one, due at once: in the office time of `service` (R-IN-10)."""
    agent = policy.staff(want.agent_id) if want.agent_id else None
    return Callback(
        id=callback_id,
        work_order_id=case.work_order_id,
        kind="return_call",
        cycle=case.cycle,
        script=RETURN_SCRIPT,
        assignee=agent.id if agent and agent.department == policy.service.id else None,
        scheduled_at=want.since,
        due_at=due(want.since, policy.feedback.return_call, policy.calendar_of(policy.service.id)),
    )


def told(callback: Callback, case: Case) -> CallbackScheduled:
    """Return the event that tells of a new callback."""
    return CallbackScheduled(
        callback_id=callback.id,
        work_order_id=callback.work_order_id,
        number=case.number,
        kind=callback.kind,
        cycle=callback.cycle,
        department=case.department,
        script=callback.script,
        assignee=callback.assignee,
        due_at=callback.due_at,
        at=callback.scheduled_at,
    )


def withdrawn(callback: Callback, case: Case, now: datetime) -> CallbackWithdrawn:
    """Return the event that tells that nobody makes this call any more."""
    return CallbackWithdrawn(
        callback_id=callback.id,
        work_order_id=callback.work_order_id,
        number=case.number,
        kind=callback.kind,
        cycle=callback.cycle,
        department=case.department,
        due_at=callback.due_at,
        at=now,
    )


def home(case: Case, policy: Policy) -> str:
    """Return the department whose people answer for the case; `service` where the policy no longer knows it."""
    return case.department if case.department in policy.departments else policy.service.id


def _callback_target(case: Case, policy: Policy) -> Duration:
    """Return the target; a category that the policy no longer has, or arms no clocks for, gets the usual one."""
    usual = policy.sla.callback.default
    if case.category not in policy.categories:
        return usual
    return policy.target("callback", case.category, case.grade) or usual


def _calendar(case: Case, policy: Policy) -> BusinessCalendar:
    """Return the calendar of the case's department, the one its clocks run on."""
    return policy.calendar_of(home(case, policy))
