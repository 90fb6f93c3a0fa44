"""When callbacks are due, and who makes them with which script (R-FB-01, R-SLA-05, R-SLA-06)."""

from datetime import timedelta

import pytest

from services.feedback.domain.case import opened
from services.feedback.domain.schedule import callback_for, second_contact_for, told
from shared.policy import due, load_policy
from tests.unit.feedback.builders import MONDAY, TRACE, Life, case, local

POLICY = load_policy()


@pytest.mark.parametrize("category", POLICY.categories)
def test_every_category_has_its_script_and_its_time(category: str) -> None:
    """R-SLA-05: complaints within 10 minutes of office time, everything else within 24 hours."""
    at = local("2026-11-20 16:55")
    made = callback_for(case(category=category), "cb", at, POLICY)
    hurry = category in {"complaint", "staff_complaint"}
    assert made.due_at == (local("2026-11-23 09:05") if hurry else at + timedelta(hours=24))
    assert made.script == POLICY.categories[category].script
    assert (made.kind, made.assignee, made.state) == ("callback", None, "open")
    target = POLICY.target("callback", category, "normal")
    assert target is None or made.due_at == due(at, target, POLICY.calendar_of("market"))


def test_a_planned_call_is_due_at_its_time() -> None:
    """R-FB-01, care 主动关怀: the callback is the care itself; once its time has passed, it is due like any other."""
    planned = local("2026-11-25 10:00")
    ours = case(category="care", topic=None, department="service", cutoff_at=planned)
    made = callback_for(ours, "cb", MONDAY, POLICY)
    assert (made.script, made.due_at) == ("care", planned)
    assert callback_for(ours, "cb", planned, POLICY).due_at == planned + timedelta(hours=24)
    at_once = case(category="care", topic=None, department="service")
    assert callback_for(at_once, "cb", MONDAY, POLICY).due_at == MONDAY + timedelta(hours=24)


def test_the_batch_of_the_day_plans_no_call() -> None:
    """R-SLA-05, R-RT-03: the cut-off of what a customer asked for moves nothing."""
    batched = case(category="info_change", topic=None, department="network", cutoff_at=local("2026-11-25 16:00"))
    assert callback_for(batched, "cb", MONDAY, POLICY).due_at == MONDAY + timedelta(hours=24)


def test_the_case_keeps_the_planned_time() -> None:
    """R-RT-03, care: routing tells it with the opening."""
    planned = local("2026-11-25 10:00")
    event = Life(category="care", department="service").opened(cutoff_at=planned)
    assert opened(event, TRACE).cutoff_at == planned


def test_the_second_contact_is_the_department_supervisors_within_48_hours() -> None:
    """R-SLA-06."""
    made = second_contact_for(case(department="network"), "cb", 1, MONDAY, POLICY)
    assert (made.assignee, made.due_at) == ("network-supervisor", MONDAY + timedelta(hours=48))
    event = told(made, case(department="network"))
    assert (event.kind, event.script, event.due_at) == ("supervisor_contact", "supervisor_contact", made.due_at)


def test_what_a_later_policy_no_longer_knows_still_gets_its_call() -> None:
    """R-SLA-12: a work order opened under an earlier policy; nothing is lost."""
    gone = case(category="gone", department="gone")
    assert callback_for(gone, "cb", MONDAY, POLICY).due_at == MONDAY + timedelta(hours=24)
    assert second_contact_for(gone, "cb", 1, MONDAY, POLICY).assignee == "service-supervisor"
