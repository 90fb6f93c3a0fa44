"""The table: which event tells whom what (R-NT-01, R-NT-02)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain.facts import after
from services.notify.domain.rules import notices
from services.notify.domain.urgency import FIRST, urgency
from shared.events import (
    SlaBreached,
    WorkorderAssigned,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderConfirmed,
    WorkorderHandedOver,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderSigned,
    WorkorderTransferred,
)
from shared.policy import load_policy
from tests.unit.notify.events import NOW, completed, escalated, opening, step, warned, work_order
from tests.unit.notify.told import only, told

POLICY = load_policy()
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_opening_tells_the_customer() -> None:
    """R-NT-01: with the expected time, one working day from 10:15."""
    event = opening()
    notice = only(event, work_order(), "accepted")
    assert told(event, work_order()) == {("accepted", "customer")}
    assert (
        datetime.fromisoformat(notice.values["expected_at"]).astimezone(SHANGHAI).isoformat()
        == "2026-11-24T10:15:00+08:00"
    )
    assert notice.values["number"] == "XR20261123001"


def test_what_waits_for_the_batch_is_expected_after_the_hand_over() -> None:
    """R-RT-03: the resolution clock starts at 16:00."""
    cutoff = NOW.replace(hour=8, minute=0)
    order = work_order(category="info_change", topic=None, department="network", cutoff_at=cutoff)
    notice = only(opening(category="info_change", cutoff_at=cutoff), order, "accepted")
    assert datetime.fromisoformat(notice.values["expected_at"]) == cutoff + timedelta(days=1)


def test_an_expected_time_in_a_year_without_a_schedule_is_provisional() -> None:
    """R-SLA-13."""
    late = NOW.replace(month=12, day=31, hour=7)
    assert only(opening(occurred_at=late), work_order(occurred_at=late), "accepted").values["provisional"] is True


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"grade": "urgent"}, {"market-supervisor"}),  # R-SLA-01
        ({"sensitive": True}, {"service-supervisor"}),  # R-RT-05
        ({"grade": "urgent", "sensitive": True}, {"market-supervisor", "service-supervisor"}),
        ({"grade": "urgent", "sensitive": True, "department": "service"}, {"service-supervisor"}),
        ({"category": "staff_complaint", "topic": None}, {"market-supervisor"}),  # section 3: to the supervisor
        ({"assignee": "market-2"}, set()),  # the assignment that follows tells them
        ({"department": "gone", "grade": "urgent"}, {"general-manager"}),
    ],
)
def test_opening_tells_the_staff_concerned_each_once(changes: dict[str, Any], wanted: set[str]) -> None:
    event = opening(**changes)
    assert told(event, work_order(**changes)) == {("accepted", "customer")} | {("assigned", who) for who in wanted}


def test_what_we_planned_ourselves_is_not_receipted() -> None:
    assert told(opening(category="care", topic=None), work_order(category="care", topic=None)) == set()


def test_a_planned_call_has_no_result_to_tell() -> None:
    """R-FB-01, care: the callback is the care itself."""
    order = replace(work_order(category="care", topic=None, department="service"), outcome="resolved", result="已问候")
    assert told(step(WorkorderSigned, status="signed", confirmation_required=False), order) == set()
    assert told(step(WorkorderConfirmed, status="confirmed"), order) == set()


EMERGENCY: dict[str, Any] = {"category": "emergency", "topic": "medical", "grade": "urgent", "department": "service"}


def test_an_emergency_is_reported_inside_the_house() -> None:
    """Section 3, "reported internally": on opening to the service supervisor and up to the manager, each once, at once."""
    given = EMERGENCY | {"sensitive": True}
    event, order = opening(**given), work_order(**given)
    people = [one for one in notices(event, order, POLICY) if one.audience == "staff"]
    assert sorted(one.recipient for one in people) == ["general-manager", "service-supervisor"]  # service has no head
    assert all(one.purpose == "assigned" and urgency(one, order, POLICY) == FIRST for one in people)
    assert all(one.not_before is None and one.values["marks"] for one in people)
    assert told(opening(**EMERGENCY), work_order(**EMERGENCY)) == told(event, order)


def test_an_emergency_that_triage_finds_is_reported_then_and_only_once() -> None:
    """Section 3, R-NT-04: a suggestion is not reported up; the decision is, however often it is taken again."""
    given = EMERGENCY | {"sensitive": True, "queue": "triage"}
    order = work_order(**given)
    assert {who for _, who in told(opening(**given), order)} == {"customer", "service-supervisor"}
    decided = [
        step(WorkorderClassified, number, **EMERGENCY, occurred_at=NOW, sensitive=True, by="service-1")
        for number in (2, 3)
    ]
    once = []
    for event in decided:
        order = after(order, event)
        assert told(event, order) == {("assigned", "service-supervisor"), ("assigned", "general-manager")}
        once += [one.once for one in notices(event, order, POLICY) if one.recipient == "general-manager"]
    assert len(once) == 2
    assert len(set(once)) == 1
    anew = step(WorkorderClassified, 4, **EMERGENCY, occurred_at=NOW, sensitive=True, by="system")
    assert told(anew, after(order, anew)) == set()


def test_a_result_is_signed_by_another_than_who_recorded_it() -> None:
    """R-RT-07."""
    event = step(WorkorderResolved, status="resolved", outcome="resolved", text="ok")
    order = after(work_order(), event)
    assert told(event, order) == {("sign_request", "market-supervisor")}
    own = event.replace(by="market-supervisor")
    assert told(own, order) == {("sign_request", "market-head")}
    ours = replace(order, department="service")  # which has no head: docs/adr/0016
    own = own.replace(by="service-supervisor", department="service")
    assert told(own, ours) == {("sign_request", "general-manager")}


def test_the_customer_hears_the_result_after_the_last_signature() -> None:
    order = replace(work_order(), outcome="resolved", result="已换货")
    signed = step(WorkorderSigned, status="signed", confirmation_required=False)
    assert told(signed, order) == {("result", "customer")}
    assert only(signed, order, "result").values["result"] == "已换货"
    first = signed.replace(confirmation_required=True)
    assert told(first, order) == {("sign_request", "service-supervisor")}
    assert told(step(WorkorderConfirmed, status="confirmed"), order) == {("result", "customer")}


def test_steps_that_concern_people() -> None:
    """R-NT-02."""
    order = work_order()
    assert told(step(WorkorderResponded, text="正在联系厂家", by_department="market"), order) == {
        ("progress", "customer")
    }
    assert told(step(WorkorderResponded, text="", by_department="market"), order) == set()
    assert told(step(WorkorderResponded, text="x", by_department="market", audience="staff"), order) == set()
    assert told(step(WorkorderAssigned, assignee="market-2"), order) == {("assigned", "market-2")}
    assert told(step(WorkorderAssigned, assignee="stranger"), order) == set()
    assert told(step(WorkorderAssigned, assignee="market-1", by="market-1"), order) == set()
    moved = step(WorkorderTransferred, department="network", from_department="market")
    assert told(moved, after(order, moved)) == {("assigned", "network-supervisor")}
    decided = step(WorkorderClassified, category="complaint", grade="normal", occurred_at=NOW)
    assert told(decided, after(order, decided)) == {("assigned", "market-supervisor")}
    again = step(WorkorderReopened, status="opened", cycle=2, category="after_sales", grade="normal")
    assert told(again, order) == {("reopened", "customer"), ("assigned", "market-supervisor")}
    assert told(step(WorkorderCancelled, status="cancelled"), order) == set()
    assert told(step(WorkorderClosed, status="closed", outcome="resolved"), order) == set()


def test_a_batch_tells_the_supervisor_its_numbers() -> None:
    """R-RT-03."""
    event = WorkorderHandedOver(department="network", cutoff_at=NOW, work_order_ids=("a", "b"), numbers=("XR1", "XR2"))
    notice = only(event, None, "handover")
    assert (notice.recipient, notice.values["numbers"], notice.values["count"]) == (
        "network-supervisor",
        ["XR1", "XR2"],
        2,
    )


def test_a_warning_goes_to_the_assignee_at_the_rung_of_the_ladder() -> None:
    """R-SLA-10: 80 %, not 50 %."""
    assert told(warned(), replace(work_order(), assignee="market-2")) == {("warning", "market-2")}
    assert told(warned(), work_order()) == {("warning", "market-supervisor")}
    assert told(warned(), None) == {("warning", "market-supervisor")}
    assert told(warned(percent=50), work_order()) == set()


def test_each_rung_goes_to_another_person_and_nobody_hears_of_a_clock_twice() -> None:
    """R-SLA-10."""
    rungs = {who: told(escalated(step=who), work_order()) for who in ("supervisor", "head", "manager")}
    assert rungs == {
        "supervisor": {("breach", "market-supervisor")},
        "head": {("breach", "market-head")},
        "manager": {("breach", "general-manager")},
    }
    assert told(escalated(step="assignee"), work_order()) == set()
    service = {"department": "service"}  # which has no head: both rungs are the manager
    head = only(escalated(step="head", **service), None, "breach")
    manager = only(escalated(step="manager", **service), None, "breach")
    assert (head.recipient, head.once) == (manager.recipient, manager.once) == ("general-manager", "k1/breach")


def test_a_breach_alone_tells_nobody_since_the_ladder_does() -> None:
    values = escalated().model_dump(by_alias=True)
    assert told(SlaBreached.model_validate(values), work_order()) == set()


def test_a_clock_of_no_work_order_is_told_without_one() -> None:
    notice = only(escalated(subject_type="agent", subject_id="service-1", metric="agent_away"), None, "breach")
    assert notice.work_order_id is None


def test_the_department_hears_how_satisfied_the_customer_was() -> None:
    """R-FB-03."""
    notice = only(completed(score=5, satisfaction="dissatisfied"), work_order(), "satisfaction")
    assert (notice.recipient, notice.values["score"]) == ("market-supervisor", 5)
    assert told(completed(), None) == {("satisfaction", "market-supervisor")}
