"""The gate before a result: who asks for what must be verified first, clause by clause (R-IN-05)."""

import pytest

from services.routing.domain.gate import unverified, verification_reasons
from services.routing.domain.matter import Matter
from services.routing.domain.workorder import Decided, Refusal, WorkOrder
from shared.events.commands import (
    Cancel,
    Collaborate,
    Merge,
    Pause,
    Promise,
    Resolve,
    Respond,
    Tag,
    Transfer,
    VerifyContact,
    WorkorderCommand,
)
from tests.unit.routing.orders import POLICY, done, order, refused, take
from tests.unit.routing.test_decide_steps import CONTENT


def reasons(category: str, text: str, **details: str) -> tuple[str, ...]:
    return verification_reasons(Matter(text, details), category, POLICY)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("refund", "空调不制冷,我要退款"),
        ("refund", "退货退款!"),
        ("refund", "把钱退给我"),
        ("refund", "Please refund my order, the kettle never worked"),
        ("refund", "I want my money back"),
        ("order_change", "我要修改订单数量"),
        ("order_change", "我的订单要取消,订单号 2024051800123"),
        ("order_change", "帮我改一下收货地址"),
        ("order_change", "我要把收货地址换一下"),
        ("order_change", "地址写错了,收货人改成李四"),
        ("order_change", "Please cancel my order AB-99"),
        ("order_change", "Could you change the delivery address of my order?"),
        ("member_information", "请把我的会员资料发给我"),
        ("member_information", "帮我查一下我的会员到期时间和账户余额"),
        ("member_information", "把我们公司的企业信息发一份过来"),
        ("member_information", "Tell me the account details of our membership"),
    ],
)
def test_each_kind_of_sensitive_request_is_recognised(reason: str, text: str) -> None:
    """R-IN-05: order change, refund, member or enterprise information, in Chinese and English."""
    assert reason in reasons("after_sales", text)


@pytest.mark.parametrize(
    "text",
    ["不用退款,换一台新的空调就行", "空调不制冷,要求维修", "地址不变,送来就行", "I do not want a refund, repair it"],
)
def test_what_is_not_asked_for_needs_nobody_verified(text: str) -> None:
    """R-IN-05: a denied request is none."""
    assert reasons("after_sales", text) == ()


def test_what_the_agent_registered_counts_and_a_whole_category() -> None:
    """R-IN-05: the demand in a field of its own; every change of information."""
    assert reasons("complaint", "客户来电", demand="全额退款") == ("refund",)
    assert reasons("info_change", "更新一下") == ("category",)


@pytest.mark.parametrize("identifier", [{"phone": "13800138000"}, {"order_no": "a-1"}])
def test_the_name_and_one_identifier_open_the_gate(identifier: dict[str, str]) -> None:
    """R-IN-05: name plus one of phone, order number, member number known for that customer."""
    waiting = order(verification_reasons=("refund",))
    assert done(waiting, VerifyContact, "service-1", name="王芳", **identifier).verified


@pytest.mark.parametrize(
    "answer",
    [
        {"name": "王芳"},
        {"name": "李强", "phone": "13800138000"},
        {"name": "王芳", "phone": "13900000000"},
        {"name": "王芳", "member_no": "M1"},
        {"name": "王芳", "phone": "13800138000", "order_no": "B-2"},
    ],
)
def test_anything_less_does_not(answer: dict[str, str]) -> None:
    """R-IN-05: a name alone, another name, an identifier that is not known, or one right and one wrong."""
    assert isinstance(take(order(verification_reasons=("refund",)), VerifyContact, "service-1", **answer), Refusal)


@pytest.mark.parametrize("model", [Respond, Pause, Promise, Collaborate, Transfer, Tag, Cancel])
def test_until_then_it_is_open_and_only_the_result_waits(model: type[WorkorderCommand]) -> None:
    """R-IN-05: the work order is open but cannot be resolved; every other step can be taken."""
    waiting: WorkOrder = order(verification_reasons=("refund",))
    assert isinstance(take(waiting, model, "market-1", **CONTENT[model]), Decided)
    refusal = refused(waiting, Resolve, "market-1", text="已退款")
    assert (refusal.status, refusal.kind) == (409, "not-verified")
    assert unverified(waiting) == refusal
    verified = done(waiting, VerifyContact, "service-1", name="王芳", phone="13800138000")
    assert done(verified, Resolve, "market-1", text="已退款").status == "resolved"


def test_a_merging_does_not_get_a_request_past_the_gate() -> None:
    """R-IN-05, R-RT-06: the work order that goes on takes the verification over, unless the customer was verified."""
    merged = take(order(verification_reasons=("refund",)), Merge, "market-1", **CONTENT[Merge])
    assert isinstance(merged, Decided)
    assert merged.beside is not None
    assert merged.beside.work_order.verification_reasons == ("refund",)
    assert unverified(merged.beside.work_order) is not None
    verified = order(verification_reasons=("refund",), verified=True)
    done_so = take(verified, Merge, "market-1", **CONTENT[Merge])
    assert isinstance(done_so, Decided)
    assert done_so.beside is not None
    assert unverified(done_so.beside.work_order) is None
