"""Assigning by hand, delivering, and whose work order it is after a step (R-RT-03, R-RT-08, R-RT-09)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.routing.domain.assignment import Given, assigned, wanting
from services.routing.domain.concerned import concerned
from services.routing.domain.lifecycle import decide
from services.routing.domain.matter import Matter
from services.routing.domain.workorder import Decided, Refusal, WorkOrder
from shared.events import Presence, WorkorderAssigned, WorkorderDelivered
from shared.events.commands import Assign, Classify, Deliver, Transfer
from tests.unit.routing.orders import NOW, POLICY, TASK, ask, done, order, refused, take

DELIVERED: dict[str, Any] = {"collaboration_id": TASK.id, "text": "压缩机漏液,建议更换"}


def by_hand(to: str, /, by: str = "market-supervisor", presence: Presence = "available", **changes: Any) -> Any:
    command = ask(Assign, by, assignee=to, reason="熟悉这位客户")
    return decide(order(**changes), command, POLICY, NOW, presence={to: presence})


def test_given_by_hand() -> None:
    """R-RT-08: who, by whom and why; the status stays."""
    decision = by_hand("market-2", assignee="market-1", status="responded")
    assert isinstance(decision, Decided)
    (event,) = decision.events
    assert isinstance(event, WorkorderAssigned)
    assert (event.assignee, event.way, event.by, event.reason, event.status) == (
        "market-2", "by_hand", "market-supervisor", "熟悉这位客户", "responded",
    )  # fmt: skip
    assert decision.work_order.assignee == "market-2"


@pytest.mark.parametrize("by", ["market-1", "market-supervisor", "market-head", "general-manager"])
def test_the_department_gives_out_its_own_work(by: str) -> None:
    """R-RT-08"""
    assert isinstance(by_hand("market-2", by), Decided)


@pytest.mark.parametrize("by", ["service-supervisor", "network-1", "technical-head"])
def test_nobody_else_does(by: str) -> None:
    refusal = by_hand("market-2", by)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 403


def test_what_an_assignment_is_refused_for() -> None:
    """R-RT-08: strangers, other departments, who has it already, who is off; a person may overrule a short absence."""
    told = [
        by_hand("nobody"),
        by_hand("network-1"),
        by_hand("market-1", assignee="market-1"),
        by_hand("market-2", presence="off"),
    ]
    assert [(one.status, one.field) for one in told] == [
        (422, "assignee"), (422, "assignee"), (409, None), (409, None),
    ]  # fmt: skip
    assert isinstance(by_hand("market-2", presence="meal"), Decided)


def test_a_deliverable_is_given_back() -> None:
    """R-RT-09: by the department that was asked; its text is the result."""
    decision = take(order(), Deliver, "technical-2", **DELIVERED)
    assert isinstance(decision, Decided)
    (event,) = decision.events
    assert isinstance(event, WorkorderDelivered)
    assert (event.collaboration_id, event.by_department, event.declined, event.text, event.version) == (
        TASK.id, "technical", False, "压缩机漏液,建议更换", 2,
    )  # fmt: skip
    declined = take(order(), Deliver, "technical-supervisor", **DELIVERED, declined=True)
    assert isinstance(declined, Decided)
    assert isinstance(declined.events[0], WorkorderDelivered)
    assert declined.events[0].declined


def test_delivered_once_and_by_who_was_asked() -> None:
    """R-RT-09: not twice, not after the end, not by another department, not of another work order, not without words."""

    def deliver(
        by: str = "technical-1", work_order: WorkOrder | None = None, text: str = "好", **changes: Any
    ) -> Refusal:
        command = ask(Deliver, by, collaboration_id=TASK.id, text=text)
        found = decide(work_order or order(), command, POLICY, NOW, collaboration=replace(TASK, **changes))
        assert isinstance(found, Refusal)
        return found

    assert deliver("market-1").status == 403
    assert deliver("service-supervisor").status == 403
    assert deliver("general-manager").status == 403
    assert deliver(state="delivered", delivered_by="technical-2").detail.endswith(
        "was delivered by technical-2; it is delivered once."
    )
    assert {deliver(state=state).kind for state in ("delivered", "declined", "cancelled")} == {"illegal-step"}
    assert deliver(work_order=order(status="cancelled")).kind == "illegal-step"
    assert (deliver(work_order_id="w-2").status, deliver(work_order_id="w-2").kind) == (404, "unknown-collaboration")
    assert deliver(text=" ").status == 422
    assert refused(order(), Deliver, "a-stranger", **DELIVERED).kind == "not-staff"


def test_what_waits_for_its_cut_off_is_nobodys() -> None:
    """R-RT-03: it is submitted at 16:00; before that no agent has it, and at 16:00 somebody has to get it."""
    waiting = order(category="info_change", department="network", cutoff_at=NOW + timedelta(hours=6))
    assert not wanting(waiting, NOW)
    assert wanting(waiting, NOW + timedelta(hours=6))
    assert wanting(order(), NOW)
    assert wanting(order(status="paused"), NOW)
    assert not wanting(order(assignee="market-1"), NOW)
    assert not wanting(order(status="resolved"), NOW)


def test_other_departments_begin_with_nobody() -> None:
    """R-RT-08: transferred, or classified into another department or for the supervisor: somebody else gets it."""
    mine = order(assignee="service-1", department="service", queue="triage")
    assert done(mine, Transfer, "service-1", department="market", reason="归市场部").assignee is None
    assert done(mine, Classify, "service-1", category="complaint").assignee is None
    assert done(mine, Classify, "service-1", category="emergency").assignee is None
    assert done(mine, Classify, "service-1", category="general").assignee == "service-1"


def test_the_supervisor_learns_why() -> None:
    """R-RT-08: each way past the assigner has its sentence; a choice of the assigner needs none."""
    after, event = assigned(order(), Given("market-supervisor", "absent"), NOW)
    assert (after.version, after.assignee, event.version, event.by) == (2, "market-supervisor", 2, "system")
    assert event.reason == "本部门无人在岗 (nobody of the department is at work)"
    assert assigned(order(), Given("market-1", "assigner"), NOW)[1].reason is None


@pytest.mark.parametrize("named", ["market-supervisor", "赵立新", " MARKET-SUPERVISOR "])
def test_nobody_handles_a_complaint_about_themselves(named: str) -> None:
    """Handbook, section 3: 投诉员工 goes to the supervisor, unless it is about the supervisor."""
    matter = Matter("态度很差", {"employee": named})
    about = order(category="staff_complaint")
    assert concerned(about, matter, POLICY) == {"market-supervisor"}
    assert concerned(order(category="complaint"), matter, POLICY) == frozenset()
    assert concerned(about, None, POLICY) == frozenset()
    assert concerned(about, Matter("态度很差"), POLICY) == frozenset()
