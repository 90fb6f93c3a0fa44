"""Routing from the contact to the closed work order, on real NATS and PostgreSQL."""

from datetime import timedelta
from typing import Any

from services.routing import store
from services.routing.store import tables
from shared import metrics
from shared.events import (
    WorkorderCalledBack,
    WorkorderClosed,
    WorkorderEscalated,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderStep,
)
from shared.events.commands import (
    Classify,
    Collaborate,
    Confirm,
    GetWorkorder,
    Promise,
    Resolve,
    Respond,
    Sign,
    VerifyContact,
)
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import House, callback, escalation, refusals
from tests.integration.routing_house import house as house


async def approved(house: House, order: WorkorderOpened) -> None:
    key = {"work_order_id": order.work_order_id}
    if order.verification_required:
        known = {"name": "王芳", "phone": "13800138000"}
        assert (await house.command(VerifyContact, "service-1", **key, **known))["ok"]
    assert (await house.command(Resolve, f"{order.department}-1", **key, text="换新机"))["ok"]
    assert (await house.command(Sign, f"{order.department}-supervisor", **key, approve=True))["ok"]


async def test_a_contact_becomes_a_work_order(house: House) -> None:
    """R-RT-01, R-RT-02: classified by the rules, in its department, at version 1, on the contact's trace."""
    (message,) = await house.bench.happens(registered_contact())
    (found,) = await house.bench.messages(WorkorderOpened)
    order = found.data
    assert isinstance(order, WorkorderOpened)
    assert (order.category, order.topic, order.department, order.queue) == (
        "after_sales", "product", "market", "department",
    )  # fmt: skip
    assert (order.number, order.version, order.classified_by) == ("XR20261123001", 1, "rules")
    assert order.assignee is None
    assert found.trace_id == message.trace_id
    assert found.subject == order.work_order_id


async def test_the_main_line_to_the_end(house: House) -> None:
    """R-RT-06, R-FB-03: opened, assigned, responded, resolved, signed, called back, closed; versions without gaps, one trace."""
    (message,) = await house.bench.happens(registered_contact())
    (order,) = await house.bench.told(WorkorderOpened)
    key = {"work_order_id": order.work_order_id}
    reply = await house.command(Respond, "service-1", **key, text="已收到", audience="customer")
    assert reply == {
        "ok": True,
        "result": {
            "work_order_id": order.work_order_id,
            "number": order.number,
            "status": "responded",
            "version": 3,
            "cycle": 1,
            "department": "market",
        },
    }
    await approved(house, order)
    await house.bench.happens(callback(order))
    steps = await house.bench.told(WorkorderStep)
    assert [(step.TYPE.split(".")[2], step.version, step.status) for step in steps] == [
        ("assigned", 2, "opened"),
        ("responded", 3, "responded"),
        ("resolved", 4, "resolved"),
        ("signed", 5, "signed"),
        ("called_back", 6, "called_back"),
        ("closed", 7, "closed"),
    ]
    (closed,) = await house.bench.told(WorkorderClosed)
    assert closed.outcome == "resolved"
    traces = {m.trace_id for m in await house.bench.messages(WorkorderOpened, WorkorderStep)}
    assert traces == {message.trace_id}


async def test_the_history_by_number(house: House) -> None:
    """R-OB-04, R-RT-06: who, when, why of every step, by the work order's number."""
    order = await house.opened()
    await house.command(Respond, "market-1", work_order_id=order.work_order_id, text="正在核实", audience="staff")
    reply = await house.command(GetWorkorder, "service-1", number=order.number)
    told = reply["result"]
    assert told["work_order"]["status"] == "responded"
    assert told["work_order"]["text"] == "我上周买的空调不制冷,要求换货"
    assert [(step["version"], step["step"], step["by"]) for step in told["steps"]] == [
        (1, "opened", "system"),
        (2, "assigned", "system"),
        (3, "responded", "market-1"),
    ]
    assert told["steps"][2]["text"] == "正在核实"
    assert told["steps"][2]["details"] == {"audience": "staff", "by_department": "market"}
    by_id = await house.command(GetWorkorder, "service-1", work_order_id=order.work_order_id)
    assert by_id["result"] == told


async def test_reopened_by_the_customer(house: House) -> None:
    """R-FB-03, R-SLA-11: not satisfied: a new cycle in the same department, with the comment as the reason."""
    order = await house.opened()
    await approved(house, order)
    await house.bench.happens(callback(order, reopen=True, solved=False, comment="还是不制冷"))
    (again,) = await house.bench.told(WorkorderReopened)
    assert (again.cycle, again.status, again.department, again.reason, again.version) == (
        2, "opened", "market", "还是不制冷", 5,
    )  # fmt: skip
    await house.bench.happens(callback(order, cycle=1))
    assert await house.bench.told(WorkorderCalledBack) == []


async def test_nobody_reached_is_pending(house: House) -> None:
    """R-RT-06: nobody could be asked, so the outcome is 待跟进."""
    order = await house.opened()
    await approved(house, order)
    await house.bench.happens(callback(order, outcome="no_answer", solved=None, score=None, satisfaction="not_rated"))
    assert [event.outcome for event in await house.bench.told(WorkorderClosed)] == ["pending"]


async def test_a_change_waits_for_its_confirmation(house: House) -> None:
    """R-RT-07: network's change is countersigned by service; before that no callback ends it."""
    order = await house.opened(category="info_change", personal={"text": "我们公司电话变更了"})
    key = {"work_order_id": order.work_order_id}
    await approved(house, order)
    await house.bench.happens(callback(order))
    assert await house.bench.told(WorkorderClosed) == []
    refused = await house.command(Confirm, "network-2", **key)
    assert refused["error"]["status"] == 403
    assert (await house.command(Confirm, "service-1", **key))["result"]["status"] == "confirmed"
    await house.bench.happens(callback(order))
    assert len(await house.bench.told(WorkorderClosed)) == 1


async def test_escalations_name_whom(house: House) -> None:
    """R-SLA-10: assignee, and supervisor, head and manager of the owning department; nobody for a work order that has ended."""
    order = await house.opened()
    await house.bench.happens(*(escalation(order, step) for step in ("assignee", "supervisor", "head", "manager")))
    await approved(house, order)
    await house.bench.happens(callback(order))
    await house.bench.happens(escalation(order, "head"))
    told = await house.bench.told(WorkorderEscalated)
    assert [event.to for event in told] == [
        ("market-1",), ("market-supervisor",), ("market-head",), ("general-manager",),
    ]  # fmt: skip
    assert [event.version for event in told] == [3, 4, 5, 6]
    assert {event.by for event in told} == {"system"}


async def test_events_about_strangers_have_no_effect(house: House) -> None:
    """What is not about a work order of ours changes nothing and goes to no dead letters."""
    order = await house.opened()
    unknown = order.replace(work_order_id="nowhere")
    of_a_callback = escalation(order).replace(subject_type="callback")
    await house.bench.happens(callback(unknown), escalation(unknown), of_a_callback)
    assert [step.version for step in await house.bench.told(WorkorderStep)] == [2]
    assert await house.bench.count(store.runtime.dead_letters) == 0


async def test_refusals_change_nothing(house: House) -> None:
    """R-RT-06: unknown, stranger, illegal, forbidden and nonsensical commands, each with its status and a sentence."""
    order = await house.opened()
    key = {"work_order_id": order.work_order_id}
    replies = [
        await house.command(Respond, "service-1", work_order_id="nowhere", text="x"),
        await house.command(Respond, "nobody", **key, text="x"),
        await house.command(GetWorkorder, "service-1", number="XR20200101001"),
        await house.command(GetWorkorder, "service-1"),
        await house.command(Sign, "market-supervisor", **key, approve=True),
        await house.command(Resolve, "logistics-1", **key),
        await house.command(Promise, "market-1", **key, at=MONDAY - timedelta(hours=1), text="昨天"),
        await house.command(Classify, "service-1", **key, category="nonsense"),
        await house.command(Respond, "service-1", **key, text=""),
        await house.command(Respond, "service-1", **key, text="零\0"),
        await house.command(GetWorkorder, "service-1", number="XR\0"),
    ]
    found = refusals(replies)
    assert found == [
        (404, "unknown-work-order"),
        (403, "not-staff"),
        (404, "unknown-work-order"),
        (422, "invalid-content"),
        (409, "illegal-step"),
        (403, "not-allowed"),
        (422, "invalid-content"),
        (422, "invalid-content"),
        (400, "invalid"),
        (422, "invalid-content"),
        (422, "invalid-content"),
    ]
    assert all(reply["error"]["detail"] for reply in replies)
    assert [step.version for step in await house.bench.told(WorkorderStep)] == [2]
    assert await house.bench.count(tables.steps) == 2


async def test_a_command_repeated_is_one_step(house: House) -> None:
    """Contract, "Commands": the same command_id gives the same reply and no second step."""
    order = await house.opened()
    body = {"command_id": "c-1", "by": "service-1", "work_order_id": order.work_order_id, "text": "好的"}
    first, second = await house.bench.command(Respond, body), await house.bench.command(Respond, body)
    assert first == second
    assert [step.version for step in await house.bench.told(WorkorderStep)] == [2, 3]


async def test_triage_and_the_labelled_example(house: House) -> None:
    """R-RT-01: below the threshold a person decides; decision and suggestion are kept as a labelled example."""
    order = await house.opened(personal={"text": "在吗"})
    assert (order.department, order.queue) == ("service", "triage")
    assert order.confidence < 0.35
    reply = await house.command(
        Classify, "service-1", work_order_id=order.work_order_id, category="complaint", topic="app_display"
    )
    assert reply["result"]["department"] == "network"
    row = await house.row(
        "SELECT e.category, e.topic, e.suggested_category, e.by, m.matter ->> 'text' FROM routing.examples e "
        "JOIN routing.matters m USING (work_order_id)"
    )
    assert tuple(row) == ("complaint", "app_display", order.category, "service-1", "在吗")


async def test_the_last_word_is_the_example(house: House) -> None:
    """R-RT-01: decided twice, one example with the text; what nobody decided is none."""
    await house.opened()
    order = await house.opened(personal={"text": "在吗"}, details={"product_name": "空调"})
    for category, topic in (("complaint", "product"), ("membership", None)):
        key = {"work_order_id": order.work_order_id, "category": category, "topic": topic}
        assert (await house.command(Classify, "service-1", **key))["ok"]
    async with house.bench.engine.connect() as connection:
        (example,) = await store.examples(connection)
    assert (example.text, example.category, example.topic, example.suggested_category, example.by) == (
        "在吗", "membership", None, order.category, "service-1",
    )  # fmt: skip
    assert example.details == {"product_name": "空调"}


async def test_promises_and_collaborations_are_kept(house: House) -> None:
    """R-RT-09, R-RT-10."""
    order = await house.opened()
    key = {"work_order_id": order.work_order_id}
    at = (MONDAY + timedelta(days=1)).isoformat()
    assert (await house.command(Promise, "market-1", **key, at=at, text="明天五点前"))["ok"]
    asked = await house.command(Collaborate, "market-1", **key, department="technical", deliverable="检测", due_at=at)
    assert asked["ok"]
    promise = await house.row("SELECT promised_at, text, by FROM routing.promises")
    assert tuple(promise) == (MONDAY + timedelta(days=1), "明天五点前", "market-1")
    shared = await house.row("SELECT department, with_department, deliverable FROM routing.collaborations")
    assert tuple(shared) == ("market", "technical", "检测")
    assert (await house.command(Resolve, "technical-1", **key))["ok"]


async def test_repeated_complaints_are_sensitive(house: House) -> None:
    """R-RT-05: the second complaint of a customer within 7 days, in the same batch or later; not after 8 days."""
    same: dict[str, Any] = {
        "category": "complaint",
        "topic": "product",
        "personal": {"text": "外壳有划痕,我很失望"},
        "customer_id": "k-1",
    }
    await house.bench.happens(registered_contact(**same), registered_contact(**same))
    await house.bench.happens(registered_contact(**same, at=MONDAY + timedelta(days=6)))
    await house.bench.happens(registered_contact(**same, at=MONDAY + timedelta(days=14)))
    told = await house.bench.told(WorkorderOpened)
    assert [(event.sensitive, event.grade) for event in told] == [
        (False, "normal"), (True, "urgent"), (True, "urgent"), (False, "normal"),
    ]  # fmt: skip


async def test_the_gauges_count_what_is_live(house: House) -> None:
    """R-OB-01: by department and status; what left a status is counted there no more."""
    order = await house.opened()
    assert house.bench.parts.gauges is not None
    await house.bench.parts.gauges()
    assert metrics.WORKORDERS.labels("market", "opened")._value.get() == 1
    await approved(house, order)
    await house.bench.parts.gauges()
    assert metrics.WORKORDERS.labels("market", "opened")._value.get() == 0
    assert metrics.WORKORDERS.labels("market", "signed")._value.get() == 1


async def test_live_counts_leave_out_what_ended(house: House) -> None:
    order = await house.opened()
    await approved(house, order)
    await house.bench.happens(callback(order))
    async with house.bench.engine.connect() as connection:
        assert await store.live_counts(connection) == {}
