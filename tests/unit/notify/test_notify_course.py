"""What comes to whom in the course of the work: arrivals, collaboration, absences, surveys, reports (R-NT-02)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.facts import WorkOrder, after
from services.notify.domain.rules import notices
from services.notify.domain.urgency import FIRST, LATER, USUAL, urgency
from shared.events import (
    Event,
    ReportPublished,
    SurveyIssued,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderCollaborated,
    WorkorderContacted,
    WorkorderDelivered,
    WorkorderEscalated,
    WorkorderMerged,
    WorkorderReopened,
    WorkorderResponded,
    WorkorderReturned,
    WorkorderTransferred,
)
from shared.policy import load_policy
from tests.unit.notify.events import NOW, completed, escalated, opening, step, warned, work_order
from tests.unit.notify.told import only, told

POLICY = load_policy()


def test_an_arrival_and_the_assignment_that_follows_tell_one_person_once() -> None:
    """R-NT-04, R-RT-08: the supervisor of an urgent matter who also gets it."""
    for moved, by_hand in ((opening(grade="urgent"), False), (opening(grade="urgent"), True)):
        order = work_order(grade="urgent")
        first = only(moved, order, "assigned")
        by = "market-head" if by_hand else "system"
        (second,) = notices(step(WorkorderAssigned, assignee="market-supervisor", by=by), order, POLICY)
        assert (first.recipient, second.recipient) == ("market-supervisor", "market-supervisor")
        assert (first.once == second.once) is not by_hand  # what a person decides is told by itself


@pytest.mark.parametrize(
    "moved",
    [
        step(WorkorderTransferred, 5, from_department="network", reason="x"),
        step(WorkorderClassified, 5, category="complaint", grade="normal", occurred_at=NOW),
        step(WorkorderReopened, 5, status="opened", cycle=2, category="after_sales", grade="normal"),
    ],
)
def test_a_move_and_the_assignment_that_follows_tell_one_person_once(moved: Any) -> None:
    """R-NT-04: also after a transfer, a classification and a reopening; a later move is news again."""
    order = after(work_order(), moved)
    (first,) = [notice for notice in notices(moved, order, POLICY) if notice.audience == "staff"]
    follows = step(WorkorderAssigned, 6, assignee="market-supervisor", by="system")
    (second,) = notices(follows, after(order, follows), POLICY)
    assert first.once == second.once == "w1/arrival/5"
    (third,) = notices(follows, work_order(), POLICY)
    assert third.once == "w1/arrival/1"


def test_the_assignee_of_what_waits_for_the_batch_hears_of_it_with_the_batch() -> None:
    """R-RT-03: not before 16:00; what a person assigns is told at once."""
    cutoff = NOW.replace(hour=8, minute=0)
    order = work_order(category="info_change", topic=None, cutoff_at=cutoff)
    (waits,) = notices(step(WorkorderAssigned, assignee="market-2", by="system"), order, POLICY)
    assert waits.not_before == cutoff
    (at_once,) = notices(step(WorkorderAssigned, assignee="market-2", by="market-supervisor"), order, POLICY)
    assert at_once.not_before is None
    (after_it,) = notices(step(WorkorderAssigned, assignee="market-2", by="system").replace(at=cutoff), order, POLICY)
    assert after_it.not_before is None


def test_a_returned_result_is_told_to_whoever_has_it() -> None:
    """R-RT-06, R-NT-02."""
    event = step(WorkorderReturned, status="opened", by="market-supervisor", reason="缺少凭证")
    notice = only(event, replace(work_order(), assignee="market-2"), "assigned")
    assert (notice.recipient, notice.kind, notice.values["reason"]) == ("market-2", "returned", "缺少凭证")
    assert told(event, work_order()) == set()  # the supervisor has it and did it


def test_collaboration_is_asked_of_the_other_department_and_comes_back() -> None:
    """R-RT-09."""
    due = NOW + timedelta(hours=3)
    asked = step(
        WorkorderCollaborated,
        collaboration_id="x1",
        with_department="technical",
        deliverable="检测报告",
        due_at=due,
    )
    notice = only(asked, work_order(), "assigned")
    assert (notice.recipient, notice.kind) == ("technical-supervisor", "collaboration")
    assert (notice.values["deliverable"], notice.values["from_department"]) == ("检测报告", "market")
    back = step(WorkorderDelivered, collaboration_id="x1", by_department="technical", text="已检测")
    notice = only(back, replace(work_order(), assignee="market-2"), "progress")
    assert (notice.audience, notice.recipient, notice.kind) == ("staff", "market-2", "delivery")
    assert notice.values["from_department"] == "technical"
    near = warned(metric="collaboration", department="technical")
    assert told(near, replace(work_order(), assignee="market-2")) == {("warning", "technical-supervisor")}


def test_whoever_has_a_work_order_hears_that_its_customer_wrote_again() -> None:
    """R-IN-06, R-NT-01: the customer, who was told of the acceptance, hears of no second one."""
    event = step(
        WorkorderContacted, by="customer", contact_id="c2", source_id="email/x/2", channel="email", occurred_at=NOW
    )
    notice = only(event, replace(work_order(), assignee="market-2"), "progress")
    assert (notice.audience, notice.recipient, notice.kind) == ("staff", "market-2", "contacted")
    assert told(event, work_order()) == {("progress", "market-supervisor")}


def test_progress_of_a_project_is_passed_on_at_once() -> None:
    """Section 3: what the department says inside about project matching goes to the customer's agent."""
    inside = step(WorkorderResponded, text="厂家已到场", by_department="market", audience="staff")
    order = work_order(category="project_matching", topic=None)
    notice = only(inside, order, "progress")
    assert (notice.audience, notice.recipient, notice.kind) == ("staff", "service-supervisor", "relay")
    assert told(inside.replace(by_department="technical"), order) == set()


def test_a_caller_who_declines_a_callback_is_the_supervisors_at_once() -> None:
    """R-IN-10: and no other escalation of a work order is told twice, since its clock tells it."""
    event = step(WorkorderEscalated, metric="call", step="supervisor", to=("service-supervisor",))
    notice = only(event, work_order(), "breach")
    assert (notice.recipient, notice.kind) == ("service-supervisor", "call")
    assert urgency(notice, work_order(), POLICY) == FIRST
    assert told(event.replace(to=()), work_order()) == {("breach", "service-supervisor")}
    assert told(event.replace(metric="resolution"), work_order()) == set()


def test_an_agent_who_is_away_is_reminded_and_then_the_supervisor_told() -> None:
    """R-SLA-07."""
    about = {"subject_type": "agent", "subject_id": "service-1", "metric": "agent_away", "department": "service"}
    near = only(warned(**about), None, "warning")
    over = only(escalated(**about), None, "breach")
    assert (near.recipient, near.kind, near.values["agent"]) == ("service-1", "away", "service-1")
    assert (over.recipient, over.kind) == ("service-supervisor", "away")


def test_a_merged_work_order_tells_the_customer_its_new_number() -> None:
    """R-RT-06."""
    event = step(WorkorderMerged, status="merged", into_work_order_id="w2", into_number="XR20261123002")
    order = after(work_order(), event)
    assert only(event, order, "progress").values["into_number"] == "XR20261123002"
    assert not order.in_work


def test_a_survey_goes_to_the_customer_without_its_link() -> None:
    """R-FB-01, R-FB-02: the link is made when the message is written and kept nowhere."""
    event = SurveyIssued(
        survey_id="5f0c9f0e-1f0e-4f5c-9f77-3f3a4bb5a1aa",
        callback_id="b1",
        work_order_id="w1",
        number="XR20261123001",
        cycle=1,
        department="market",
        expires_at=NOW + timedelta(days=7),
        at=NOW,
    )
    notice = only(event, work_order(), "survey")
    assert (notice.audience, notice.values["survey_id"]) == ("customer", event.survey_id)
    assert "uri" not in notice.values


def test_a_report_is_read_by_those_who_answer_for_a_department() -> None:
    """R-FB-05: supervisors, heads and the manager, each once."""
    event = ReportPublished(report="weekly", period_start=NOW - timedelta(days=7), period_end=NOW, uri="file:///r.html")
    people = [notice.recipient for notice in notices(event, None, POLICY)]
    assert len(people) == len(set(people)) == 14
    assert {"market-supervisor", "market-head", "service-supervisor", "general-manager"} < set(people)
    assert not [one for one in people if one.endswith(("-1", "-2"))]


@pytest.mark.parametrize(
    ("employee", "wanted"),
    [
        ("network-1", "network-supervisor"),
        ("张子轩", "network-supervisor"),
        ("network-supervisor", "network-head"),  # nobody is told of the complaint about themselves
        ("service-supervisor", "general-manager"),  # a department without a head
        ("general-manager", "market-supervisor"),  # above whom nobody stands
        ("somebody", "market-supervisor"),
        (None, "market-supervisor"),
    ],
)
def test_satisfaction_with_a_complaint_about_a_person_goes_to_their_supervisor(
    employee: str | None, wanted: str
) -> None:
    """R-FB-03."""
    order = replace(work_order(category="staff_complaint", topic=None), employee=employee)
    assert told(completed(), order) == {("satisfaction", wanted)}


def test_a_return_call_is_no_opinion_and_nobody_is_told_what_they_recorded_themselves() -> None:
    """R-FB-03, R-IN-10."""
    assert told(completed(kind="return_call"), work_order()) == set()
    assert told(completed(kind="supervisor_contact", by="market-supervisor"), work_order()) == set()
    assert told(completed(kind="supervisor_contact", by="market-head"), work_order()) != set()
    assert told(completed(kind="survey"), work_order()) == {("satisfaction", "market-supervisor")}


def test_what_is_urgent_goes_first_and_what_has_time_last() -> None:
    """R-NT-05."""
    usual, urgent = work_order(), work_order(grade="urgent")
    emergency = work_order(category="emergency", topic="safety", grade="urgent")

    def level(event: Event, order: WorkOrder, purpose: str) -> int:
        return urgency(only(event, order, purpose), order, POLICY)

    assert level(opening(), usual, "accepted") == USUAL
    assert level(opening(category="emergency", topic="safety"), emergency, "accepted") == FIRST
    assert level(opening(grade="urgent"), urgent, "assigned") == FIRST
    assert level(opening(grade="urgent"), urgent, "accepted") == USUAL
    assert level(escalated(), usual, "breach") == FIRST
    assert level(warned(), urgent, "warning") == FIRST
    assert level(warned(), usual, "warning") == USUAL
    assert level(warned(metric="promise", due_at=NOW + timedelta(hours=1)), usual, "progress") == LATER
    assert level(completed(), usual, "satisfaction") == LATER


@pytest.mark.parametrize("metric", ["callback", "customer_reply"])
def test_whoever_can_still_call_is_warned_that_a_call_is_due(metric: str) -> None:
    """R-SLA-10, R-RT-07: only `service` calls back, so no assignee of another department is warned of it."""
    order = replace(work_order(), assignee="market-2")
    assert told(warned(metric=metric), order) == {("warning", "service-supervisor")}
    assert told(warned(), order) == {("warning", "market-2")}
    inside = replace(work_order(category="general", department="service"), assignee="service-2")
    assert told(warned(metric=metric, department="service"), inside) == {("warning", "service-2")}
