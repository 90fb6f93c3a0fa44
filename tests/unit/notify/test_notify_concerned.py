"""Nobody is told of, warned about or asked to sign a complaint about themselves (R-RT-07, R-NT-02, R-FB-03)."""

from dataclasses import replace
from typing import Any

import pytest

from services.notify.domain.rules import notices
from shared.events import (
    Event,
    WorkorderClassified,
    WorkorderDelivered,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderReturned,
    WorkorderTransferred,
)
from shared.policy import load_policy
from tests.unit.notify.events import NOW, completed, escalated, opening, step, warned, work_order

POLICY = load_policy()
ABOUT: dict[str, Any] = {"category": "staff_complaint", "topic": None, "grade": "urgent", "sensitive": True}
AGAIN: dict[str, Any] = {"category": "staff_complaint", "topic": None, "grade": "urgent", "occurred_at": NOW}


def events(department: str) -> list[Event]:
    due = {"metric": "resolution", "department": department}
    return [
        opening(**ABOUT, department=department),
        step(WorkorderClassified, **AGAIN, cutoff_at=None, department=department),
        step(WorkorderTransferred, from_department="sales", department=department),
        step(WorkorderReopened, **AGAIN, department=department),
        step(WorkorderResolved, outcome="resolved", text="已核实", department=department),
        step(WorkorderReturned, department=department),
        step(
            WorkorderDelivered,
            collaboration_id="x",
            by_department="finance",
            declined=False,
            text="已查",
            department=department,
        ),
        warned(percent=80, **due),
        escalated(step="supervisor", **due),
        escalated(step="head", **due),
        completed(department=department),
    ]


@pytest.mark.parametrize(
    ("employee", "department", "concerned", "instead"),
    [
        ("market-supervisor", "market", "market-supervisor", "market-head"),
        ("赵立新", "market", "market-supervisor", "market-head"),
        ("你们市场部主管", "market", "market-supervisor", "market-head"),
        ("周静", "service", "service-supervisor", "general-manager"),
        ("market-head", "market", "market-head", "market-supervisor"),
    ],
)
def test_nobody_hears_of_a_complaint_about_themselves(
    employee: str, department: str, concerned: str, instead: str
) -> None:
    order = replace(work_order(**ABOUT, department=department), employee=employee)
    people: set[str] = set()
    for event in events(department):
        staff = {one.recipient for one in notices(event, order, POLICY) if one.audience == "staff"}
        assert staff, event
        assert concerned not in staff, event
        people |= staff
    assert instead in people


@pytest.mark.parametrize("employee", [None, "market-1", "王浩然", "某人"])
def test_other_complaints_go_to_the_supervisor(employee: str | None) -> None:
    order = replace(work_order(**ABOUT, department="market"), employee=employee)
    for event in events("market")[:6]:
        staff = {one.recipient for one in notices(event, order, POLICY) if one.audience == "staff"}
        assert "market-supervisor" in staff, event


def test_what_turns_out_to_be_sensitive_or_urgent_is_copied_to_the_supervisors() -> None:
    """R-RT-05, R-SLA-01: at the classification as at the opening; a batch hides nothing urgent."""
    again = AGAIN | {"category": "complaint", "topic": "product"}
    event = step(WorkorderClassified, **again, cutoff_at=None, department="market", sensitive=True)
    order = work_order(category="complaint", grade="urgent", department="market")
    marks = {one.recipient: one.values["marks"] for one in notices(event, order, POLICY)}
    assert marks == {"market-supervisor": ["urgent"], "service-supervisor": ["sensitive"]}
    calm = event.model_copy(update={"sensitive": False, "grade": "normal"})
    marks = {one.recipient: one.values["marks"] for one in notices(calm, replace(order, grade="normal"), POLICY)}
    assert marks == {"market-supervisor": []}
