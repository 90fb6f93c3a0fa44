"""Collaboration across departments, promises and signatures over the contract (R-RT-07, R-RT-09, R-RT-10)."""

from datetime import timedelta

import pytest

from shared.events import WorkorderCollaborated, WorkorderDelivered, WorkorderOpened, WorkorderPromised
from shared.events.commands import (
    Cancel,
    Collaborate,
    Confirm,
    Deliver,
    Merge,
    Promise,
    Resolve,
    Sign,
    VerifyContact,
)
from shared.testing.clock import MONDAY
from shared.times import rfc3339
from tests.integration.routing_house import House, refusals
from tests.integration.routing_house import house as house

DUE = rfc3339(MONDAY + timedelta(hours=4))
TOMORROW = rfc3339(MONDAY + timedelta(days=1, hours=7))


async def asked(house: House, order: WorkorderOpened, department: str = "technical") -> str:
    """Ask `department` for a report; return the collaboration's id."""
    key = {"work_order_id": order.work_order_id}
    reply = await house.command(
        Collaborate, "market-1", **key, department=department, deliverable="检测报告", due_at=DUE
    )
    assert reply["ok"]
    return (await house.bench.told(WorkorderCollaborated))[-1].collaboration_id


async def test_the_result_returns_to_the_work_order(house: House) -> None:
    """R-RT-09: asked for by a time, delivered by the department that was asked, told and listed on the work order."""
    order = await house.opened()
    task = await asked(house, order)
    key = {"work_order_id": order.work_order_id, "collaboration_id": task}
    house.bench.clock.at = MONDAY + timedelta(hours=1)
    assert (await house.command(Deliver, "technical-2", **key, text="压缩机漏液,建议更换"))["ok"]
    (told,) = await house.bench.told(WorkorderDelivered)
    assert (told.collaboration_id, told.by_department, told.by, told.declined, told.text) == (
        task, "technical", "technical-2", False, "压缩机漏液,建议更换",
    )  # fmt: skip
    assert (await house.get(order, "market-1"))["collaborations"] == [
        {
            "id": task,
            "work_order_id": order.work_order_id,
            "department": "market",
            "with_department": "technical",
            "deliverable": "检测报告",
            "due_at": DUE,
            "by": "market-1",
            "at": "2026-11-23T02:00:00Z",
            "state": "delivered",
            "delivered_by": "technical-2",
            "delivered_at": "2026-11-23T03:00:00Z",
            "result": "压缩机漏液,建议更换",
        }
    ]


async def test_several_at_once_each_delivered_once(house: House) -> None:
    """R-RT-09: each has its own end; declined counts as an answer; nobody else delivers, and nobody twice."""
    order, other = await house.opened(), await house.opened()
    report, parcel = await asked(house, order), await asked(house, order, "logistics")
    key = {"work_order_id": order.work_order_id}
    declined = {"collaboration_id": parcel, "text": "包裹已签收,无法拦截", "declined": True}
    assert (await house.command(Deliver, "logistics-1", **key, **declined))["ok"]
    replies = [
        await house.command(Deliver, "logistics-2", **key, **declined),
        await house.command(Deliver, "logistics-1", **key, collaboration_id=report, text="好"),
        await house.command(Deliver, "market-1", **key, collaboration_id=report, text="好"),
        await house.command(Deliver, "technical-1", **key, collaboration_id="unknown", text="好"),
        await house.command(
            Deliver, "technical-1", work_order_id=other.work_order_id, collaboration_id=report, text="好"
        ),
        await house.command(Deliver, "technical-1", **key, collaboration_id=report, text=""),
    ]
    assert refusals(replies) == [
        (409, "illegal-step"),
        (403, "not-allowed"),
        (403, "not-allowed"),
        (404, "unknown-collaboration"),
        (404, "unknown-collaboration"),
        (400, "invalid"),
    ]
    listed = {one["with_department"]: one["state"] for one in (await house.get(order, "market-1"))["collaborations"]}
    assert listed == {"technical": "open", "logistics": "declined"}
    assert len(await house.bench.told(WorkorderDelivered)) == 1


@pytest.mark.parametrize("end", ["cancelled", "merged"])
async def test_the_end_of_the_work_order_ends_what_is_open(house: House, end: str) -> None:
    """R-RT-09: what was delivered stays; what was open is cancelled and can be delivered no more."""
    into, order = await house.opened(), await house.opened()
    key = {"work_order_id": order.work_order_id}
    done, left = await asked(house, order), await asked(house, order, "logistics")
    assert (await house.command(Deliver, "technical-1", **key, collaboration_id=done, text="好"))["ok"]
    if end == "cancelled":
        reply = await house.command(Cancel, "service-1", **key, reason="客户撤回")
    else:
        reply = await house.command(Merge, "service-1", **key, into_work_order_id=into.work_order_id, reason="同一件事")
    assert reply["result"]["status"] == end
    assert [one["state"] for one in (await house.get(order, "market-1"))["collaborations"]] == [
        "delivered",
        "cancelled",
    ]
    late = await house.command(Deliver, "logistics-1", **key, collaboration_id=left, text="好")
    assert refusals([late]) == [(409, "illegal-step")]


async def test_promises_are_kept_with_their_times(house: House) -> None:
    """R-RT-10: what was promised, until when, by whom; listed in order; nothing is promised for the past."""
    order = await house.opened()
    key = {"work_order_id": order.work_order_id}
    assert (await house.command(Promise, "market-1", **key, at=TOMORROW, text="明天15点前答复"))["ok"]
    assert (await house.command(Promise, "service-1", **key, at=DUE, text="今天下午先回一次"))["ok"]
    past = rfc3339(MONDAY - timedelta(minutes=1))
    assert refusals([await house.command(Promise, "market-1", **key, at=past, text="昨天")]) == [
        (422, "invalid-content")
    ]
    assert [(one.promised_at, one.by) for one in await house.bench.told(WorkorderPromised)] == [
        (MONDAY + timedelta(days=1, hours=7), "market-1"),
        (MONDAY + timedelta(hours=4), "service-1"),
    ]
    assert (await house.get(order, "market-1"))["promises"] == [
        {"promised_at": TOMORROW, "text": "明天15点前答复", "by": "market-1", "at": "2026-11-23T02:00:00Z"},
        {"promised_at": DUE, "text": "今天下午先回一次", "by": "service-1", "at": "2026-11-23T02:00:00Z"},
    ]


async def test_whose_signature_counts(house: House) -> None:
    """R-RT-07: the supervisor of the owning department, not the head, not another's."""
    order = await house.opened()
    key = {"work_order_id": order.work_order_id}
    assert (await house.command(Resolve, "market-1", **key, text="换新机"))["ok"]
    people = ["market-1", "market-head", "network-supervisor", "service-supervisor", "general-manager"]
    refused = [await house.command(Sign, by, **key, approve=True) for by in people]
    assert refusals(refused) == [(403, "not-allowed")] * len(people)
    assert (await house.command(Sign, "market-supervisor", **key, approve=True))["result"]["status"] == "signed"


async def test_nobody_signs_their_own_result(house: House) -> None:
    """R-RT-07 and ADR 0016: of the only supervisor's own result the head is the judge, and nobody else."""
    order = await house.opened()
    key = {"work_order_id": order.work_order_id}
    assert (await house.command(Resolve, "market-supervisor", **key, text="换新机"))["ok"]
    people = ["market-1", "network-supervisor", "general-manager", "market-supervisor"]
    refused = [await house.command(Sign, by, **key, approve=True) for by in people]
    assert refusals(refused) == [(403, "not-allowed")] * len(people)
    assert "own result" in refused[-1]["error"]["detail"]
    assert (await house.command(Sign, "market-head", **key, approve=True))["result"]["status"] == "signed"


async def test_only_service_confirms_and_not_its_own_result(house: House) -> None:
    """R-RT-07: network's supervisor signs, an agent of `service` who did not make the change confirms."""
    order = await house.opened(category="ad_slot", personal={"text": "首页轮播广告换成新图"})
    key = {"work_order_id": order.work_order_id}
    if order.verification_required:
        assert (await house.command(VerifyContact, "service-1", **key, name="王芳", phone="13800138000"))["ok"]
    assert (await house.command(Resolve, "service-1", **key, text="已更换"))["ok"]
    assert (await house.command(Sign, "network-supervisor", **key, approve=True))["ok"]
    refused = [
        await house.command(Confirm, by, **key) for by in ("network-1", "market-1", "general-manager", "service-1")
    ]
    assert refusals(refused) == [(403, "not-allowed")] * 4
    assert (await house.command(Confirm, "service-2", **key))["result"]["status"] == "confirmed"
