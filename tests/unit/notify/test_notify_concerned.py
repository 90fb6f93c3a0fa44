"""Nobody is told of, warned about or asked to sign a complaint about themselves (R-RT-07, R-NT-02, R-FB-03)."""

from dataclasses import replace
from typing import Any

import pytest

from services.notify.domain.facts import WorkOrder, after
from services.notify.domain.rules import notices
from shared.events import (
    Event,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderCollaborated,
    WorkorderDelivered,
    WorkorderEscalated,
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
        now = after(order, event) if isinstance(event, WorkorderClassified) else order
        staff = {one.recipient for one in notices(event, now, POLICY) if one.audience == "staff"}
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


def classified(version: int = 2, **changes: Any) -> WorkorderClassified:
    given = AGAIN | {"category": "complaint", "topic": "product", "department": "market", "sensitive": True}
    return step(WorkorderClassified, version, **given | changes)


def marks_of(event: WorkorderClassified, order: WorkOrder) -> dict[str, list[str]]:
    return {one.recipient: one.values["marks"] for one in notices(event, order, POLICY)}


def test_what_turns_out_to_be_sensitive_or_urgent_is_copied_to_the_supervisors() -> None:
    """R-RT-05, R-SLA-01: at the classification as at the opening; a batch hides nothing urgent."""
    triage = work_order(category="complaint", queue="triage", department="service")
    event = classified()
    assert marks_of(event, after(triage, event)) == {
        "market-supervisor": ["urgent"],
        "service-supervisor": ["sensitive"],
    }
    batched = classified(cutoff_at=NOW)
    assert marks_of(batched, after(triage, batched)) == marks_of(event, after(triage, event))
    calm = classified(sensitive=False, grade="normal")
    assert marks_of(calm, after(triage, calm)) == {"market-supervisor": []}


def test_what_was_known_to_be_sensitive_is_not_copied_again() -> None:
    """R-NT-04: told with the opening, or with an earlier decision."""
    told = work_order(category="complaint", queue="triage", department="service", grade="urgent", sensitive=True)
    event = classified()
    first = after(told, event)
    assert marks_of(event, first) == {"market-supervisor": ["urgent"]}
    again = classified(3)
    assert "service-supervisor" not in marks_of(again, after(first, again))


def test_a_completed_register_tells_only_what_is_new() -> None:
    """R-RT-05, R-SLA-01, R-NT-04: it arrives nowhere; whoever hears of it hears once what it has become."""
    calm = work_order(category="complaint", department="market", assignee="market-1")
    event = classified(by="system")
    order = after(calm, event)
    assert marks_of(event, order) == {"market-supervisor": ["urgent"], "service-supervisor": ["sensitive"]}
    more = classified(3, by="system", sensitive_reasons=("media",))
    assert marks_of(more, after(order, more)) == {}
    urgent = after(work_order(category="complaint", department="market", grade="urgent"), event)
    assert marks_of(event, urgent) == {"service-supervisor": ["sensitive"]}
    moved = classified(3, by="system", department="network")
    assert "network-supervisor" in marks_of(moved, after(order, moved))


def test_the_events_tell_whom_a_complaint_concerns() -> None:
    """R-RT-07: where the contact names nobody in a field, routing has read it in the text."""
    order = work_order(**ABOUT, department="market", concerned=("market-supervisor",))
    for event in [*events("market"), step(WorkorderResolved, outcome="resolved", text="x", by="market-head")]:
        staff = {one.recipient for one in notices(event, order, POLICY) if one.audience == "staff"}
        assert staff, event
        assert "market-supervisor" not in staff, event
    own = step(WorkorderResolved, outcome="resolved", text="x", by="market-head", department="market")
    assert [one.recipient for one in notices(own, order, POLICY)] == ["general-manager"]
    decided = classified(category="staff_complaint", topic=None, concerned=("market-supervisor",))
    found = after(work_order(department="service", queue="triage"), decided)
    assert "market-supervisor" not in marks_of(decided, found)
    other = classified(3, concerned=())
    assert "market-supervisor" in marks_of(other, after(found, other))


def test_nobody_above_and_nobody_called_hears_of_a_complaint_about_themselves() -> None:
    """R-RT-07: neither the last step of the ladder, nor who is called for, asked to help, or assigned by mistake."""
    order = work_order(**ABOUT, department="service", concerned=("general-manager",))
    assert not list(notices(escalated(step="manager", department="service"), order, POLICY))
    about = {"concerned": ("service-supervisor",), "department": "service"}
    order = work_order(**ABOUT, **about)
    called = step(WorkorderEscalated, metric="call", step="supervisor", to=("service-supervisor",))
    assert [one.recipient for one in notices(called, order, POLICY)] == ["general-manager"]
    given = step(WorkorderAssigned, assignee="service-supervisor", by="market-head")
    assert not list(notices(given, order, POLICY))
    helping = replace(order, concerned=("technical-supervisor",))
    asked = step(
        WorkorderCollaborated, collaboration_id="x", with_department="technical", deliverable="说明", due_at=NOW
    )
    assert [one.recipient for one in notices(asked, helping, POLICY)] == ["technical-head"]
