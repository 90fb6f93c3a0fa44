"""Who the customer is, and what the register lacks, over the contract on real servers (R-IN-05, R-IN-07)."""

from datetime import timedelta
from typing import Any

from services.routing.store.early import early_completions
from services.routing.store.identities import identities, wrong_answers
from shared.events import (
    WorkorderOpened,
    WorkorderStep,
    WorkorderSupplemented,
    WorkorderVerified,
)
from shared.events.commands import (
    Cancel,
    Resolve,
    Respond,
    VerifyContact,
)
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import LATER, House, completion, refusal
from tests.integration.routing_house import house as house

REFUND = "空调不制冷,我要退款"


async def test_a_refund_waits_for_the_verification(house: House) -> None:
    """R-IN-05: open but not resolvable until name and one identifier agree; everything else goes on."""
    order = await house.opened(personal={"text": REFUND}, details={"order_no": "20240518-00123"})
    assert order.verification_required
    key = {"work_order_id": order.work_order_id}
    assert (await house.command(Respond, "service-1", **key, text="已收到"))["ok"]
    refused = await house.command(Resolve, "market-1", **key, text="已退款")
    assert refusal(refused) == (409, "not-verified")
    assert "refund" in refused["error"]["detail"]
    reply = await house.command(VerifyContact, "service-1", **key, name=" 王 芳", phone="+86 138-0013-8000")
    assert reply["result"]["verified"] is True
    (told,) = await house.bench.told(WorkorderVerified)
    assert (told.identifier, told.by, told.status) == ("phone", "service-1", "responded")
    assert (await house.get(order))["verification"] == {
        "required": True,
        "reasons": ["refund"],
        "verified": True,
        "by": "service-1",
        "at": "2026-11-23T02:00:00Z",
        "identifier": "phone",
    }
    again = await house.command(VerifyContact, "service-1", **key, name="王芳", order_no="2024051800123")
    assert refusal(again) == (409, "illegal-step")
    assert (await house.command(Resolve, "market-1", **key, text="已退款"))["ok"]


async def test_whole_categories_and_other_words_ask_for_it_too(house: House) -> None:
    """R-IN-05: member and enterprise information, changes of an order; not an exchange, not a denied refund."""
    texts = {
        "我们公司电话变更了,请在平台上修改": ("info_change", True),
        "买的空调还没发货,请把收货地址改到杭州": ("after_sales", True),
        "买的空调不制冷,要求换货": ("after_sales", False),
        "买的空调不制冷,不用退款,换一台就行": ("after_sales", False),
    }
    found = {
        text: (await house.opened(category=category, personal={"text": text})).verification_required
        for text, (category, _) in texts.items()
    }
    assert found == {text: required for text, (_, required) in texts.items()}


async def test_wrong_answers_change_nothing_and_are_limited(house: House) -> None:
    """R-IN-05: no oracle, no trying: after three wrong answers the right one is not compared for half an hour."""
    order = await house.opened(customer_id="k-1", personal={"text": REFUND}, details={"order_no": "A-1"})
    await house.opened(customer_id="k-2", personal={"name": "李强", "phone": "13900139000"})
    key = {"work_order_id": order.work_order_id}
    answers: list[dict[str, Any]] = [
        {"name": "李强", "phone": "13800138000"},  # the name of another customer
        {"name": "王芳", "phone": "13900139000"},  # the phone of another customer
        {"name": "王芳", "phone": "13800138000", "order_no": "A-2"},  # one of two is wrong
    ]
    assert refusal(await house.command(VerifyContact, "service-1", **key, name="王芳")) == (422, "invalid-content")
    replies = [await house.command(VerifyContact, "service-1", **key, **answer) for answer in answers]
    assert {refusal(reply) for reply in replies} == {(403, "wrong-answer")}
    assert len({reply["error"]["detail"] for reply in replies}) == 1
    assert await house.bench.told(WorkorderVerified) == []
    right = {"name": "王芳", "order_no": "a1"}
    assert refusal(await house.command(VerifyContact, "service-1", **key, **right)) == (429, "too-many-answers")
    assert await house.bench.count(wrong_answers) == len(answers)
    house.bench.clock.at += timedelta(minutes=31)
    assert (await house.command(VerifyContact, "service-1", **key, **right))["ok"]
    assert refusal(await house.command(VerifyContact, "finance-1", **key, **right)) == (403, "not-allowed")
    kept = " ".join(str(tuple(row)) for row in await house.bench.rows(identities))
    assert "王芳" not in kept
    assert "13800138000" not in kept


async def test_a_stranger_does_not_become_the_customer_by_writing_in(house: House) -> None:
    """R-IN-05: a name written in under a known phone number is not known of that customer; a colleague's record is."""
    await house.opened(customer_id="k-1", personal={"name": "王芳"})
    order = await house.opened(customer_id="k-1", personal={"name": "张三", "text": REFUND})
    key = {"work_order_id": order.work_order_id}
    impostor = {"name": "张三", "phone": "13800138000"}
    assert refusal(await house.command(VerifyContact, "service-1", **key, **impostor)) == (403, "wrong-answer")
    await house.opened(customer_id="k-1", channel="phone", agent_id="service-2", personal={"name": "张三"})
    assert (await house.command(VerifyContact, "service-1", **key, **impostor))["ok"]


async def test_an_anonymous_customer_is_completed_then_verified(house: House) -> None:
    """R-IN-04, R-IN-05, R-IN-07: nothing to compare with, until a colleague completes the register."""
    order = await house.opened(personal={"name": "匿名客户", "phone": None, "text": REFUND}, duration_seconds=90)
    key = {"work_order_id": order.work_order_id}
    assert order.missing_fields[:2] == ("customer_name", "customer_phone")
    assert order.conversation_ended_at == MONDAY + timedelta(seconds=90)
    nothing = await house.command(VerifyContact, "service-1", **key, name="王芳", phone="13800138000")
    assert refusal(nothing) == (409, "nothing-known")
    await house.bench.happens(
        completion(order, "name", "phone", personal={"name": "王芳", "phone": "13800138000", "text": REFUND})
    )
    (told,) = await house.bench.told(WorkorderSupplemented)
    assert (told.fields, told.missing_fields) == (("name", "phone"), order.missing_fields[2:])
    assert (told.by, told.at) == ("service-1", LATER)
    assert (await house.command(VerifyContact, "service-1", **key, name="王芳", phone="13800138000"))["ok"]


async def test_the_register_is_listed_and_completed(house: House) -> None:
    """R-IN-07: what is missing is on the work order, by name; what is added is there, and can make it sensitive."""
    order = await house.opened(category="after_sales", topic="product", personal={"phone": None, "text": "坏了"})
    assert set(order.missing_fields) == {"customer_phone", "purchased_item", "demand"}
    register = (await house.get(order))["register"]
    assert {"field": "demand", "zh": "客户诉求", "en": "demand"} in register["missing"]
    assert (register["complete"], register["required"][0]) == (False, "customer_name")
    personal, details = {"phone": "13800138000", "text": "坏了"}, {"purchased_item": "空调", "demand": "退款"}
    await house.bench.happens(completion(order, "phone", *details, personal=personal, details=details))
    shown = await house.get(order)
    assert shown["register"]["complete"] is True
    assert shown["verification"]["reasons"] == ["refund"]
    assert shown["steps"][-1]["step"] == "supplemented"
    refused = await house.command(Resolve, "market-1", work_order_id=order.work_order_id, text="好")
    assert refusal(refused) == (409, "not-verified")


async def test_a_completion_in_the_batch_of_its_contact(house: House) -> None:
    """R-IN-07: a backlog brings both at once, and what ended is not supplemented any more."""
    contact = registered_contact(category="after_sales", personal={"phone": None, "text": "坏了"})
    later = completion(contact, "phone", personal={"phone": "13800138000"}, at=MONDAY)
    await house.bench.happens(contact, later)
    (order,) = await house.bench.told(WorkorderOpened)
    (told,) = await house.bench.told(WorkorderSupplemented)
    assert "customer_phone" in order.missing_fields
    assert "customer_phone" not in told.missing_fields
    steps = [step.version for step in await house.bench.told(WorkorderStep)]
    assert steps == list(range(2, 2 + len(steps)))
    assert (await house.command(Cancel, "service-1", work_order_id=order.work_order_id, reason="重复"))["ok"]
    await house.bench.happens(later)
    assert len(await house.bench.told(WorkorderSupplemented)) == 1


async def test_a_completion_before_its_contact(house: House) -> None:
    """R-IN-07: of two replicas the one with the later event may be the faster; it is kept, and nothing of it is lost."""
    contact = registered_contact(category="after_sales", personal={"phone": None, "text": "坏了,我要退款"})
    early = completion(contact, "phone", personal={"phone": "13800138000"}, at=MONDAY)
    await house.bench.happens(early, early.replace(contact_id="another"))
    assert await house.bench.count(early_completions) == 2
    await house.bench.happens(contact)
    (told,) = await house.bench.told(WorkorderSupplemented)
    assert "customer_phone" not in told.missing_fields
    assert await house.bench.count(early_completions) == 1
    key = {"work_order_id": told.work_order_id}
    assert (await house.command(VerifyContact, "service-1", **key, name="王芳", phone="13800138000"))["ok"]
    assert await house.bench.dead_letters() == 0
