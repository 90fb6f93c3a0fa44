"""What follows from the end of a callback and from the escalation ladder (R-FB-03, R-SLA-10)."""

from typing import Any

import pytest

from services.routing.domain.automatic import after_callback, after_escalation
from services.routing.domain.workorder import Decided, Ignored, WorkOrder
from shared.events import (
    CallbackCompleted,
    Status,
    WorkorderCalledBack,
    WorkorderClosed,
    WorkorderEscalated,
    WorkorderReopened,
)
from shared.events.commands import Cancel, Reopen
from tests.unit.routing.orders import NOW, POLICY, confirmed, done, escalation, order, resolved, signed


def callback(**changes: Any) -> CallbackCompleted:
    given: dict[str, Any] = {
        "callback_id": "cb-1",
        "work_order_id": "w-1",
        "number": "XR20261123001",
        "cycle": 1,
        "department": "market",
        "outcome": "reached",
        "solved": True,
        "reopen": False,
        "second_contact": False,
        "by": "service-1",
        "at": NOW,
        "due_at": NOW,
    }
    return CallbackCompleted(**given | changes)


def escalate(work_order: WorkOrder, step: Any) -> Decided | Ignored:
    return after_escalation(work_order, escalation(step), POLICY)


@pytest.mark.parametrize("before", [signed(), confirmed()])
def test_told_and_closed(before: WorkOrder) -> None:
    """R-RT-06: called back by the agent, then closed by the system, each with its own version."""
    decision = after_callback(before, callback())
    assert isinstance(decision, Decided)
    called, closed = decision.events
    assert isinstance(called, WorkorderCalledBack)
    assert isinstance(closed, WorkorderClosed)
    assert (called.version, closed.version) == (before.version + 1, before.version + 2)
    assert (called.status, called.by, called.callback_id) == ("called_back", "service-1", "cb-1")
    assert (closed.status, closed.by, closed.outcome) == ("closed", "system", "resolved")


@pytest.mark.parametrize(
    ("outcome", "solved", "closing"),
    [
        ("reached", True, "unresolvable"),
        ("reached", None, "unresolvable"),
        ("reached", False, "pending"),
        ("no_answer", None, "pending"),
        ("refused", None, "pending"),
    ],
)
def test_the_outcome_at_closing(outcome: str, solved: bool | None, closing: str) -> None:
    """R-RT-06: the result's own outcome where the customer heard it and agreed; else 待跟进."""
    decision = after_callback(signed().next(outcome="unresolvable"), callback(outcome=outcome, solved=solved))
    assert isinstance(decision, Decided)
    assert decision.work_order.outcome == closing


@pytest.mark.parametrize(
    ("comment", "reason"), [("又坏了", "又坏了"), ("  ", "客户对处理结果不满意 (the customer is not satisfied)")]
)
def test_not_satisfied_reopens(comment: str, reason: str) -> None:
    """R-FB-03: the new complaint is the reason."""
    decision = after_callback(signed(), callback(reopen=True, solved=False, comment=comment))
    assert isinstance(decision, Decided)
    (event,) = decision.events
    assert isinstance(event, WorkorderReopened)
    assert (event.reason, event.cycle, event.by, event.at) == (reason, 2, "service-1", NOW)


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (signed(confirmation_required=True), callback()),
        (order(), callback()),
        (resolved(), callback()),
        (done(signed(), Cancel, "service-1", reason="重复"), callback(reopen=True)),
        (done(signed(), Reopen, "service-1"), callback()),
        (signed().next(status="closed"), callback()),
        (signed(), callback(kind="supervisor_contact")),
    ],
    ids=["unconfirmed", "opened", "resolved", "cancelled", "older cycle", "closed", "second contact"],
)
def test_callbacks_without_effect(before: WorkOrder, event: CallbackCompleted) -> None:
    """R-RT-06: only the present cycle's approved result is called back."""
    assert isinstance(after_callback(before, event), Ignored)


def test_a_second_contact_can_reopen() -> None:
    """R-FB-03: the supervisor finds out afterwards that it is not solved."""
    decision = after_callback(signed().next(status="closed"), callback(kind="supervisor_contact", reopen=True))
    assert isinstance(decision, Decided)
    assert decision.work_order.status == "opened"


@pytest.mark.parametrize(
    ("department", "step", "whom"),
    [
        ("market", "assignee", "market-supervisor"),
        ("market", "supervisor", "market-supervisor"),
        ("network", "head", "network-head"),
        ("service", "head", "general-manager"),
        ("market", "manager", "general-manager"),
        ("dissolved", "supervisor", "service-supervisor"),
    ],
)
def test_the_ladder_names_whom(department: str, step: str, whom: str) -> None:
    """R-SLA-10: without an assignee the supervisor, without a head the manager, without a department the service's."""
    decision = escalate(order(department=department), step)
    assert isinstance(decision, Decided)
    (event,) = decision.events
    assert isinstance(event, WorkorderEscalated)
    assert (event.to, event.step, event.metric, event.status) == ((whom,), step, "resolution", "opened")


def test_the_ladder_knows_the_assignee() -> None:
    decision = escalate(order(assignee="market-2"), "assignee")
    assert isinstance(decision, Decided)
    assert isinstance(decision.events[0], WorkorderEscalated)
    assert decision.events[0].to == ("market-2",)


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_what_has_ended_escalates_no_more(status: str) -> None:
    assert isinstance(escalate(order(status=status), "head"), Ignored)


@pytest.mark.parametrize("status", ["opened", "signed", "closed"])
def test_a_returned_call_closes_and_reopens_nothing(status: Status) -> None:
    """R-IN-10: the customer of a missed call was called back; the matter itself is only beginning."""
    before = signed().next(status=status)
    assert isinstance(after_callback(before, callback(kind="return_call")), Ignored)


def test_a_survey_answered_after_the_closing_reopens_where_the_customer_is_not_satisfied() -> None:
    """R-FB-02, R-FB-03: an answer without an agent counts as much as one on the telephone."""
    closed = signed().next(status="closed", outcome="pending")
    decision = after_callback(closed, callback(kind="survey", reopen=True, solved=False, by="customer"))
    assert isinstance(decision, Decided)
    assert (decision.work_order.status, decision.work_order.cycle) == ("opened", 2)
    written = after_callback(closed, callback(kind="survey", reopen=True, suggestion="请换一台新的", by="customer"))
    assert isinstance(written, Decided)
    assert written.events[0].reason == "请换一台新的"
    assert isinstance(after_callback(closed, callback(kind="survey", by="customer")), Ignored)
