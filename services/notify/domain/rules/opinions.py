"""What customers think of us, and what reports make of it (R-FB-01, R-FB-03, R-FB-05)."""

from collections.abc import Iterable
from typing import Any

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import CUSTOMER, Notice
from services.notify.domain.people import above, employee_named, in_charge, is_about, readers
from services.notify.domain.rules.about import about
from shared.events import CallbackCompleted, ReportPublished, SurveyIssued
from shared.policy import Policy


def called_back(event: CallbackCompleted, order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Tell the department how satisfied the customer was; of a complaint about a person, that person's supervisor."""
    person = _responsible(event.department, order, policy)
    if event.kind == "return_call" or (event.kind == "supervisor_contact" and event.by == person):
        return
    values: dict[str, Any] = about(order) if order else {}
    values |= {
        "number": event.number,
        "department": event.department,
        "outcome": event.outcome,
        "solved": event.solved,
        "score": event.score,
        "satisfaction": event.satisfaction,
        "comment": event.comment,
        "reopen": event.reopen,
        "second_contact": event.second_contact,
    }
    yield Notice("satisfaction", "staff", person, event.work_order_id, values)


def issued(event: SurveyIssued, order: WorkOrder | None, _policy: Policy) -> Iterable[Notice]:
    """Send the link of the survey to a customer who was not reached (R-FB-01)."""
    values: dict[str, Any] = about(order) if order else {}
    values |= {"number": event.number, "survey_id": event.survey_id, "expires_at": event.expires_at.isoformat()}
    yield Notice("survey", "customer", CUSTOMER, event.work_order_id, values)


def published(event: ReportPublished, _order: WorkOrder | None, policy: Policy) -> Iterable[Notice]:
    """Tell those who answer for a department where to read the report (R-FB-05)."""
    values = {
        "report": event.report,
        "period_start": event.period_start.isoformat(),
        "period_end": event.period_end.isoformat(),
        "uri": event.uri,
    }
    for person in readers(policy, policy.notify.report_readers):
        yield Notice("report", "staff", person, None, values)


def _responsible(department: str, order: WorkOrder | None, policy: Policy) -> str:
    category = policy.categories.get(order.category) if order else None
    if order is not None and category is not None and category.department_from == "employee":
        employee = policy.staff(order.concerned[0]) if order.concerned else employee_named(policy, order.employee)
        if employee is not None and not is_about(person := above(policy, employee), order, policy):
            return person
    return in_charge(policy, department, order)
