"""What each step does and what it refuses, rule by rule (R-RT-06, R-RT-07, R-RT-09, R-RT-10)."""

from datetime import timedelta
from typing import Any

import pytest

from services.routing.domain.lifecycle import LIFECYCLE
from services.routing.domain.workorder import Decided, WorkOrder
from shared.events import (
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderCollaborated,
    WorkorderPromised,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderReturned,
    WorkorderSigned,
    WorkorderStep,
    WorkorderTransferred,
)
from shared.events.commands import (
    Assign,
    Cancel,
    Classify,
    Collaborate,
    Confirm,
    Deliver,
    Link,
    Merge,
    Pause,
    Promise,
    Reopen,
    Resolve,
    Respond,
    Resume,
    Sign,
    Tag,
    Transfer,
    VerifyContact,
    WorkorderCommand,
)
from tests.unit.routing.orders import NOW, confirmed, done, order, refused, resolved, responded, signed, take

CONTENT: dict[type[WorkorderCommand], dict[str, Any]] = {
    Respond: {"text": "好"},
    Resolve: {"text": "好"},
    Sign: {"approve": True},
    Confirm: {},
    Transfer: {"department": "network", "reason": "归网络部"},
    Pause: {"reason": "等客户"},
    Resume: {},
    Promise: {"at": NOW + timedelta(hours=1), "text": "一小时内"},
    Collaborate: {"department": "technical", "deliverable": "检测", "due_at": NOW + timedelta(hours=1)},
    Classify: {"category": "complaint"},
    Reopen: {"reason": "又坏了"},
    Cancel: {"reason": "重复"},
    VerifyContact: {"name": "王芳", "phone": "13800138000"},
    Link: {"other_work_order_id": "w-2"},
    Merge: {"into_work_order_id": "w-2", "reason": "同一件事"},
    Tag: {"add": ["投诉-物流延迟"]},
    Deliver: {"collaboration_id": "w-1.2", "text": "压缩机漏液"},
    Assign: {"assignee": "market-1"},
}
STATES: dict[str, WorkOrder] = {
    "opened": order(),
    "responded": responded(),
    "paused": done(order(), Pause, "market-1", reason="等客户"),
    "resolved": resolved(),
    "signed": signed(confirmation_required=True),
    "confirmed": confirmed(),
    "closed": signed().next(status="closed"),
    "cancelled": done(order(), Cancel, "service-1", reason="重复"),
    "merged": done(order(), Merge, "service-1", into_work_order_id="w-2", reason="同一件事"),
}
ASIDE: set[type[WorkorderCommand]] = {VerifyContact, Link, Tag, Deliver, Assign}
LEGAL: dict[str, set[type[WorkorderCommand]]] = {
    "opened": {Respond, Resolve, Transfer, Pause, Promise, Collaborate, Classify, Cancel, Merge, *ASIDE},
    "responded": {Respond, Resolve, Transfer, Pause, Promise, Collaborate, Classify, Cancel, Merge, *ASIDE},
    "paused": {Respond, Transfer, Resume, Promise, Collaborate, Classify, Cancel, Merge, *ASIDE},
    "resolved": {Respond, Sign, Promise, Reopen, Cancel, *ASIDE},
    "signed": {Respond, Confirm, Promise, Reopen, Cancel, *ASIDE},
    "confirmed": {Respond, Promise, Reopen, Cancel, *ASIDE},
    "closed": {Reopen, Link, Tag},
    "cancelled": {Reopen, Tag},
    "merged": set(),
}
ASKER = {Sign: "market-supervisor", Confirm: "service-2", Deliver: "technical-1", Assign: "market-supervisor"}


def only(decision: object, kind: type[WorkorderStep]) -> Any:
    assert isinstance(decision, Decided)
    (event,) = decision.events
    assert type(event) is kind
    return event


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("model", LIFECYCLE, ids=lambda model: model.__name__)
def test_the_table_of_legal_steps(status: str, model: type[WorkorderCommand]) -> None:
    """R-RT-06, written a second time: every command in every status."""
    assert STATES[status].status == status
    by = ASKER.get(model, "service-1")
    decision = take(STATES[status], model, by, **CONTENT[model])
    if model in LEGAL[status]:
        assert isinstance(decision, Decided)
    else:
        assert refused(STATES[status], model, by, **CONTENT[model]).kind == "illegal-step"


def test_who_may() -> None:
    """R-RT-07, everybody of the directory for each step: owner, service and manager; sign and confirm are special."""
    may: dict[type[WorkorderCommand], set[str]] = {
        Respond: {"service-1", "market-1", "network-1", "technical-head", "general-manager"},
        Resolve: {"service-1", "market-1", "market-supervisor", "general-manager"},
        Transfer: {"service-1", "market-1", "general-manager"},
        Cancel: {"service-1", "market-head", "general-manager"},
    }
    may_not: dict[type[WorkorderCommand], set[str]] = {
        Resolve: {"network-1", "technical-supervisor", "sales-head"},
        Transfer: {"network-supervisor", "finance-1"},
        Cancel: {"logistics-1"},
    }
    for model, people in may.items():
        assert all(isinstance(take(order(), model, by, **CONTENT[model]), Decided) for by in people)
    for model, people in may_not.items():
        assert all(refused(order(), model, by, **CONTENT[model]).kind == "not-allowed" for by in people)


@pytest.mark.parametrize(
    "by", ["market-1", "market-head", "network-supervisor", "service-supervisor", "service-1", "general-manager"]
)
def test_only_the_owning_departments_supervisor_signs(by: str) -> None:
    """R-RT-07."""
    assert refused(resolved(), Sign, by, approve=True).status == 403
    assert refused(resolved(), Sign, by, approve=False, reason="不完整").status == 403


@pytest.mark.parametrize("by", ["market-1", "network-supervisor", "general-manager"])
def test_only_service_confirms(by: str) -> None:
    """R-RT-07."""
    assert refused(signed(confirmation_required=True), Confirm, by).status == 403


def test_nobody_signs_their_own_result() -> None:
    """R-RT-07: nor confirms it; but who resolved may take it back."""
    own = done(order(), Resolve, "market-supervisor", text="好")
    refusal = refused(own, Sign, "market-supervisor", approve=True)
    assert (refusal.status, refusal.kind) == (403, "not-allowed")
    assert "own result" in refusal.detail
    assert done(own, Sign, "market-supervisor", approve=False, reason="换人处理").status == "opened"
    checked = done(
        done(order(confirmation_required=True), Resolve, "service-1"), Sign, "market-supervisor", approve=True
    )
    assert refused(checked, Confirm, "service-1").kind == "not-allowed"
    assert done(checked, Confirm, "service-2").status == "confirmed"


def test_the_first_answer_counts() -> None:
    """R-SLA-01: opened to responded; later answers, to whomever, leave the status."""
    event = only(take(order(), Respond, "technical-1", text="在查", audience="staff"), WorkorderResponded)
    assert (event.status, event.by_department, event.audience, event.text) == (
        "responded",
        "technical",
        "staff",
        "在查",
    )
    assert done(signed(), Respond, "service-1", text="好").status == "signed"
    assert only(take(order(), Respond, "general-manager", text="好"), WorkorderResponded).by_department == "manager"


def test_an_answer_behind_a_pause() -> None:
    """R-SLA-08: the work order keeps waiting, and goes on as responded."""
    paused = done(STATES["paused"], Respond, "service-1", text="请补充订单号")
    assert paused.status == "paused"
    assert done(paused, Resume, "market-1").status == "responded"


@pytest.mark.parametrize("before", [order(), responded()])
def test_a_pause_restores_what_was(before: WorkOrder) -> None:
    """R-RT-06, R-SLA-08."""
    paused = done(before, Pause, "market-1", reason="等客户")
    assert done(paused, Resume, "service-1").status == before.status


def test_a_paused_work_order_is_resumed_before_its_result() -> None:
    detail = refused(STATES["paused"], Resolve, "market-1").detail
    assert detail == (
        "XR20261123001 is paused; it can be resolved only while it is opened or responded."
        " It waits for the customer: resume it first."
    )


def test_the_result_and_its_signature() -> None:
    """R-RT-06: outcome and text of the result; the signature says whether a confirmation follows."""
    event = only(take(responded(), Resolve, "market-2", outcome="unresolvable", text="停产"), WorkorderResolved)
    assert (event.outcome, event.text, event.status) == ("unresolvable", "停产", "resolved")
    for required in (False, True):
        asked = take(resolved(confirmation_required=required), Sign, "market-supervisor", approve=True)
        assert only(asked, WorkorderSigned).confirmation_required is required


@pytest.mark.parametrize(("before", "status"), [(order(), "opened"), (responded(), "responded")])
def test_returned_with_a_reason(before: WorkOrder, status: str) -> None:
    """R-RT-06: not signed: back to where the department was, and the result is void."""
    result = done(before, Resolve, "market-1")
    for nothing in (None, "   "):
        assert refused(result, Sign, "market-supervisor", approve=False, reason=nothing).status == 422
    decision = take(result, Sign, "market-supervisor", approve=False, reason=" 没有联系客户 ")
    event = only(decision, WorkorderReturned)
    assert (event.status, event.reason) == (status, "没有联系客户")
    assert isinstance(decision, Decided)
    assert (decision.work_order.outcome, decision.work_order.resolved_by) == (None, None)


def test_no_confirmation_where_none_is_needed() -> None:
    assert "needs no confirmation" in refused(signed(), Confirm, "service-1").detail


def test_transferred_with_a_reason() -> None:
    """R-RT-06: the department changes, the status stays, triage is over."""
    before = responded(department="service", queue="triage", collaborators=("network",))
    event = only(take(before, Transfer, "service-1", department="network", reason="归网络部"), WorkorderTransferred)
    assert (event.from_department, event.department, event.status) == ("service", "network", "responded")
    after = done(before, Transfer, "service-1", department="network", reason="归网络部")
    assert (after.queue, after.collaborators) == ("department", ())
    assert done(STATES["paused"], Transfer, "market-1", department="service", reason="客服处理").status == "paused"


@pytest.mark.parametrize(
    ("department", "reason"), [("nowhere", "x"), ("technical", "x"), ("market", "x"), ("network", " ")]
)
def test_transfers_that_make_no_sense(department: str, reason: str) -> None:
    """Only to a department that owns work orders, another one, and with a reason."""
    assert refused(order(), Transfer, "market-1", department=department, reason=reason).status == 422


def test_a_promise_lies_ahead() -> None:
    """R-RT-10."""
    at = NOW + timedelta(seconds=1)
    event = only(take(signed(), Promise, "market-1", at=at, text="马上"), WorkorderPromised)
    assert (event.promised_at, event.text, event.status) == (at, "马上", "signed")
    assert refused(order(), Promise, "market-1", at=NOW, text="现在").field == "at"


def test_a_collaboration_is_asked_of_another_department() -> None:
    """R-RT-09: whoever is asked may bring the result."""
    content = CONTENT[Collaborate]
    decision = take(order(), Collaborate, "market-1", **content)
    event = only(decision, WorkorderCollaborated)
    assert (event.department, event.with_department, event.deliverable) == ("market", "technical", "检测")
    assert isinstance(decision, Decided)
    twice = done(decision.work_order, Collaborate, "market-1", **content)
    assert twice.collaborators == ("technical",)
    assert done(twice, Resolve, "technical-2").resolved_by == "technical-2"
    other = take(twice, Collaborate, "market-1", **content)
    assert only(other, WorkorderCollaborated).collaboration_id != event.collaboration_id
    for wrong in ({"department": "market"}, {"department": "nowhere"}, {"due_at": NOW}):
        assert refused(order(), Collaborate, "market-1", **content | wrong).status == 422


@pytest.mark.parametrize("status", ["resolved", "signed", "confirmed", "closed", "cancelled"])
def test_reopened_into_a_new_cycle(status: str) -> None:
    """R-SLA-11: the same department begins again, with nothing left of the old result."""
    decision = take(STATES[status], Reopen, "service-1", reason="又坏了")
    event = only(decision, WorkorderReopened)
    assert (event.cycle, event.status, event.department, event.grade) == (2, "opened", "market", "normal")
    assert isinstance(decision, Decided)
    assert (decision.work_order.outcome, decision.work_order.resolved_by, decision.work_order.before) == (
        None, None, None,
    )  # fmt: skip


def test_cancelled_with_a_reason() -> None:
    event = only(take(order(), Cancel, "service-1", reason="重复登记"), WorkorderCancelled)
    assert (event.status, event.reason) == ("cancelled", "重复登记")
    assert refused(order(), Cancel, "service-1", reason=" ").field == "reason"


def test_classified_by_a_person() -> None:
    """R-RT-01, R-RT-02, R-RT-04: department, grade, cut-off and confirmation follow from the decision."""
    before = order(department="service", queue="triage", suggested_category="general", suggested_topic=None)
    decision = take(before, Classify, "service-1", category="info_change")
    event = only(decision, WorkorderClassified)
    assert (event.category, event.department, event.suggested_category) == ("info_change", "network", "general")
    assert event.cutoff_at == NOW.replace(hour=8)
    assert isinstance(decision, Decided)
    after = decision.work_order
    assert (after.queue, after.confirmation_required, after.classified_by) == ("department", True, "agent")
    member = done(before, Classify, "service-1", category="membership")
    assert (member.grade, member.cutoff_at, member.confirmation_required) == ("complex", None, False)
    emergency = done(before, Classify, "service-1", category="emergency", topic="safety")
    assert (emergency.grade, emergency.sensitive, emergency.department) == ("urgent", True, "service")
    assert done(order(attitude="anxious"), Classify, "market-1", category="general").grade == "urgent"


@pytest.mark.parametrize(
    ("category", "topic", "field"),
    [("nonsense", None, "category"), ("care", None, "category"), ("complaint", "medical", "topic")],
)
def test_classified_as_nothing_known(category: str, topic: str | None, field: str) -> None:
    refusal = refused(order(), Classify, "service-1", category=category, topic=topic)
    assert (refusal.status, refusal.field) == (422, field)
