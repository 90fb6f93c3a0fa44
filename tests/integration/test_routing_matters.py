"""What belongs together and how it is found again, what is sensitive: on real NATS and PostgreSQL."""

from datetime import timedelta
from typing import Any

from services.routing.store import tables
from shared.events import (
    COMMAND_SUBJECTS,
    EVENT_TYPES,
    Call,
    WorkorderClassified,
    WorkorderEscalated,
    WorkorderLinked,
    WorkorderMerged,
    WorkorderOpened,
    WorkorderStep,
    WorkorderTagged,
)
from shared.events.commands import (
    Cancel,
    Classify,
    Link,
    ListWorkorders,
    Merge,
    Reopen,
    Resolve,
    Respond,
    Sign,
    Tag,
)
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import House, callback, refusal
from tests.integration.routing_house import house as house


async def test_two_channels_one_matter(house: House) -> None:
    """R-IN-06: linked on both, not merged: the same category or order within a day, of the same customer."""
    same: dict[str, Any] = {"customer_id": "k-1", "category": "after_sales", "topic": "product"}
    first = await house.opened(**same, channel="web")
    second = await house.opened(**same, channel="wechat", at=MONDAY + timedelta(hours=2))
    here, there = await house.bench.told(WorkorderLinked)
    assert {here.work_order_id, there.work_order_id} == {first.work_order_id, second.work_order_id}
    assert {here.other_number, there.other_number} == {first.number, second.number}
    assert (here.by, here.status) == ("system", "opened")
    assert here.reason
    (link,) = (await house.get(second))["links"]
    assert (link["number"], link["status"]) == (first.number, "opened")
    others: list[dict[str, Any]] = [
        same | {"customer_id": "k-2"},
        same | {"category": "product_inquiry", "topic": None},
        same | {"at": MONDAY + timedelta(days=3)},
    ]
    for other in others:
        await house.opened(**other)
    assert len(await house.bench.told(WorkorderLinked)) == 2


async def test_the_order_number_decides(house: House) -> None:
    """R-IN-06: another order is another matter; the same order is the same one whatever the category."""
    one: dict[str, Any] = {"customer_id": "k-1", "category": "after_sales", "topic": "product"}
    await house.opened(**one, details={"order_no": "A-1"})
    await house.opened(**one, details={"order_no": "A-2"})
    assert await house.bench.told(WorkorderLinked) == []
    await house.opened(customer_id="k-1", category="complaint", channel="phone", details={"order_no": "a1"})
    assert len(await house.bench.told(WorkorderLinked)) == 2


async def test_linked_in_one_batch_and_never_with_what_ended(house: House) -> None:
    """R-IN-06: two contacts taken at once are linked, versions without gaps; a cancelled one is not open any more."""
    same: dict[str, Any] = {"customer_id": "k-1", "category": "complaint", "topic": "product"}
    await house.bench.happens(registered_contact(**same), registered_contact(**same, channel="weibo"))
    orders = await house.bench.told(WorkorderOpened)
    assert len(await house.bench.told(WorkorderLinked)) == 2
    for order in orders:
        versions = [s.version for s in await house.bench.told(WorkorderStep) if s.work_order_id == order.work_order_id]
        assert versions == list(range(2, 2 + len(versions)))
        key = {"work_order_id": order.work_order_id}
        assert (await house.command(Cancel, "service-1", **key, reason="误报"))["ok"]
    await house.opened(**same)
    assert len(await house.bench.told(WorkorderLinked)) == 2


async def test_linked_and_merged_by_hand(house: House) -> None:
    """R-RT-06, R-IN-06: who, when, why on both; the merged one has ended for good, the other goes on."""
    first, second, third = [await house.opened() for _ in range(3)]
    a, b, c = ({"work_order_id": order.work_order_id} for order in (first, second, third))
    linked = await house.command(Link, "service-1", **a, other_work_order_id=second.work_order_id, reason="同一台空调")
    assert linked["result"]["links"] == [second.work_order_id]
    assert {event.reason for event in await house.bench.told(WorkorderLinked)} == {"同一台空调"}
    into = {"into_work_order_id": first.work_order_id, "reason": "同一客户同一问题"}
    merged = await house.command(Merge, "service-1", **b, **into)
    assert merged["result"]["status"] == "merged"
    (told,) = await house.bench.told(WorkorderMerged)
    assert (told.into_number, told.by, told.reason) == (first.number, "service-1", "同一客户同一问题")
    replies = [
        await house.command(Respond, "service-1", **b, text="x"),
        await house.command(Reopen, "service-1", **b, reason="x"),
        await house.command(Merge, "service-1", **c, into_work_order_id=second.work_order_id, reason="x"),
        await house.command(Link, "service-1", **c, other_work_order_id=second.work_order_id),
        await house.command(Merge, "network-1", **c, **into),
        await house.command(Link, "service-1", **a, other_work_order_id=second.work_order_id),
        await house.command(Link, "service-1", **a, other_work_order_id=first.work_order_id),
        await house.command(Link, "service-1", **a, other_work_order_id="nowhere"),
    ]
    assert [refusal(reply) for reply in replies] == [
        (409, "illegal-step"),
        (409, "illegal-step"),
        (409, "illegal-step"),
        (409, "illegal-step"),
        (403, "not-allowed"),
        (409, "illegal-step"),
        (422, "invalid-content"),
        (404, "unknown-work-order"),
    ]
    shown = await house.get(second)
    assert shown["work_order"]["merged_into"] == first.work_order_id
    assert (shown["steps"][-1]["step"], shown["steps"][-1]["by"]) == ("merged", "service-1")
    assert second.number in str((await house.get(first))["steps"][-1]["reason"])
    assert (await house.command(Respond, "service-1", **a, text="继续处理"))["ok"]


async def test_merged_work_waits_for_no_cut_off(house: House) -> None:
    """R-RT-03, R-RT-06: the 16:00 batch holds what goes on, not what was merged."""
    kept, gone = [await house.opened(category="info_change", personal={"text": "公司改名"}) for _ in range(2)]
    key = {"work_order_id": gone.work_order_id}
    assert (await house.command(Merge, "service-1", **key, into_work_order_id=kept.work_order_id, reason="重复"))["ok"]
    assert kept.cutoff_at is not None
    house.bench.clock.at = kept.cutoff_at
    await house.turn()
    assert await house.bench.count(tables.batches) == 1
    row = await house.row("SELECT work_orders FROM routing.batches")
    assert tuple(row) == (1,)


async def test_tags_are_kept_and_found(house: House) -> None:
    """R-RT-11: given by the policy and by hand, on the customer's file, searchable; taken away again."""
    complaint = {"customer_id": "k-1", "category": "complaint", "topic": "product"}
    order = await house.opened(**complaint, personal={"text": "物流太慢了,等了半个月还没到"})
    assert "投诉-物流延迟" in order.tags
    other = await house.opened(customer_id="k-1", category="product_inquiry")
    key = {"work_order_id": other.work_order_id}
    tagged = await house.command(Tag, "service-1", **key, add=["重点-回访", "重点-回访"])
    assert tagged["ok"]
    (told,) = [event for event in await house.bench.told(WorkorderTagged) if event.added]
    assert (told.customer_id, told.tags, told.added, told.by) == ("k-1", ("重点-回访",), ("重点-回访",), "service-1")
    assert (await house.get(other))["customer_tags"] == sorted([*order.tags, "重点-回访"])
    found = await house.command(ListWorkorders, "service-1", tag="投诉-物流延迟")
    assert [row["number"] for row in found["result"]["work_orders"]] == [order.number]
    replies = [
        await house.command(Tag, "service-1", **key, add=["重点-回访"]),
        await house.command(Tag, "service-1", **key, add=["  "]),
        await house.command(Tag, "service-1", **key, add=["长" * 41]),
        await house.command(Tag, "service-1", **key, add=["一"], remove=["一"]),
        await house.command(Tag, "finance-1", **key, add=["一"]),
        await house.command(Tag, "service-1", **key, add=["零\0"]),
    ]
    assert [refusal(reply)[0] for reply in replies] == [409, 422, 422, 422, 403, 422]
    assert (await house.command(Tag, "service-1", **key, remove=["重点-回访"]))["ok"]
    assert (await house.get(other))["customer_tags"] == sorted(order.tags)


async def test_work_orders_are_listed_by_their_marks(house: House) -> None:
    """R-RT-08, R-RT-11: any filter, the newest first, and told when there are more."""
    for customer in ("k-1", "k-2", "k-3"):
        await house.opened(customer_id=customer)
    triage = await house.opened(personal={"text": "在吗"})

    async def numbers(**wanted: Any) -> list[str]:
        reply = await house.command(ListWorkorders, "service-1", **wanted)
        return [row["number"][-3:] for row in reply["result"]["work_orders"]]

    assert await numbers() == ["004", "003", "002", "001"]
    assert await numbers(department="market") == ["003", "002", "001"]
    assert await numbers(queue="triage") == [triage.number[-3:]]
    assert await numbers(customer_id="k-2") == ["002"]
    assert await numbers(status="opened", department="market", customer_id="k-1") == ["001"]
    assert await numbers(status="merged") == []
    limited = await house.command(ListWorkorders, "service-1", limit=2)
    assert (len(limited["result"]["work_orders"]), limited["result"]["more"]) == (2, True)
    assert refusal(await house.command(ListWorkorders, "service-1", status="lost")) == (422, "invalid-content")
    assert refusal(await house.command(ListWorkorders, "nobody")) == (403, "not-staff")


async def test_sensitive_matters_tell_attitude_and_tendency(house: House) -> None:
    """R-RT-05: with the reasons; the third complaint within 7 days is of high tendency; harmless ones tell nothing."""
    same: dict[str, Any] = {
        "category": "complaint",
        "topic": "product",
        "customer_id": "k-1",
        "tier": "VIP",
        "personal": {"text": "外壳有划痕,我很失望"},
    }
    orders = [
        await house.opened(**same, at=MONDAY + timedelta(days=day), emotion=emotion)
        for day, emotion in ((0, "calm"), (2, None), (4, "impatient"), (30, "calm"))
    ]
    assert [(o.sensitive, o.attitude, o.tendency) for o in orders] == [
        (False, None, None),
        (True, "dissatisfied", "medium"),
        (True, "impatient", "high"),
        (False, None, None),
    ]
    assert orders[1].sensitive_reasons == ("repeated_complaint",)
    assert {o.tier for o in orders} == {"VIP"}
    threat = await house.opened(personal={"text": "空调坏了不给修,我要找12315投诉你们"})
    assert (threat.sensitive_reasons, threat.tendency) == (("regulator",), "high")


async def test_a_triage_decision_makes_it_sensitive(house: House) -> None:
    """R-RT-05, R-IN-05, R-RT-11: what a person decides is judged anew, and told."""
    await house.opened(customer_id="k-1", category="complaint", topic="product", personal={"text": "外壳有划痕"})
    order = await house.opened(customer_id="k-1", personal={"text": "在吗"})
    assert (order.queue, order.sensitive, order.tags) == ("triage", False, ())
    key = {"work_order_id": order.work_order_id}
    assert (await house.command(Classify, "service-1", **key, category="complaint", topic="product"))["ok"]
    (told,) = await house.bench.told(WorkorderClassified)
    assert (told.sensitive, told.sensitive_reasons, told.tendency) == (True, ("repeated_complaint",), "medium")
    assert (await house.command(Classify, "service-1", **key, category="info_change"))["ok"]
    assert (await house.bench.told(WorkorderClassified))[-1].verification_required


async def test_a_declined_callback_goes_to_the_supervisor_at_once(house: House) -> None:
    """R-IN-10: the work order is escalated as it opens; a missed call and an accepted callback are not."""
    call = Call(unresolved=True, callback_offered=True, callback_declined=True, exceeded=("call",))
    order = await house.opened(channel="phone", agent_id="service-1", call=call)
    (told,) = await house.bench.told(WorkorderEscalated)
    assert (told.work_order_id, told.metric, told.step, told.to) == (
        order.work_order_id, "call", "supervisor", ("service-supervisor",),
    )  # fmt: skip
    assert (told.version, told.status) == (2, "opened")
    assert told.reason
    await house.opened(channel="phone", call=Call(missed=True, rings=8))
    await house.opened(channel="phone", call=Call(unresolved=True, callback_offered=True))
    assert len(await house.bench.told(WorkorderEscalated)) == 1


async def test_no_call_is_ever_transferred(house: House) -> None:
    """R-IN-09: whatever the caller asks, a call becomes a work order of a department; nothing could transfer the call."""
    order = await house.opened(channel="phone", personal={"text": "别说了,帮我转接你们市场部经理,空调坏了要换货"})
    assert (order.department, order.queue) == ("market", "department")
    assert {name.split(".")[2] for name in COMMAND_SUBJECTS}.isdisjoint({"call", "phone", "telephone"})
    assert {name.split(".")[1] for name in EVENT_TYPES}.isdisjoint({"call", "phone", "telephone"})
    transfers = [name for name in (*COMMAND_SUBJECTS, *EVENT_TYPES) if "transfer" in name]
    assert sorted(transfers) == ["yingda.command.workorder.transfer", "yingda.workorder.transferred.v1"]


async def test_every_step_has_who_when_why(house: House) -> None:
    """R-RT-06: reopened and cancelled among them, in the history by version."""
    order = await house.opened()
    key = {"work_order_id": order.work_order_id}
    assert (await house.command(Resolve, "market-1", **key, text="换新机"))["ok"]
    assert (await house.command(Sign, "market-supervisor", **key, approve=True))["ok"]
    await house.bench.happens(callback(order))
    assert (await house.command(Reopen, "service-1", **key, reason="又坏了"))["ok"]
    assert (await house.command(Cancel, "service-2", **key, reason="客户撤回"))["ok"]
    steps = (await house.get(order))["steps"]
    assert [step["version"] for step in steps] == list(range(1, len(steps) + 1))
    assert all(step["by"] and step["at"] for step in steps)
    told = {step["step"]: (step["by"], step["reason"], step["cycle"]) for step in steps}
    assert told["reopened"] == ("service-1", "又坏了", 2)
    assert told["cancelled"] == ("service-2", "客户撤回", 2)
