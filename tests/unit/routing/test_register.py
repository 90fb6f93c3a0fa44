"""What a contact leaves open (R-IN-07)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.matter import Matter
from services.routing.domain.register import missing_fields
from services.routing.domain.register_things import _FILLER, _NAMED_ENOUGH, names_something
from tests.examples import examples

FIELDS = (
    "customer_name", "contact_name", "customer", "customer_phone", "contact_phone", "company", "enterprise_name",
    "advertiser", "legal_person", "employee", "product_name", "purchased_item", "products", "project_name", "change",
    "demand", "reason", "ad_type", "ad_position", "ad_duration", "what", "where",
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("customer_name", "我姓贺，电话再打给我"),
        ("customer_name", "要两箱，钱老板，13800138000"),
        ("customer_name", "My name is Anna, please call back."),
        ("customer_phone", "打我手机 138-0013-8000"),
        ("customer_phone", "office: +86 138 0013 8000"),
        ("enterprise_name", "我司（云栖纸业有限公司）要改地址"),
        ("enterprise_name", "企业：和润五金，改电话"),
        ("enterprise_name", "Our company, Northfield Tools, has moved."),
        ("legal_person", "法定代表人：苏建明，做门窗"),
        ("products", "我们主营不锈钢水槽"),
        ("project_name", "想对接“城西充电站”项目"),
        ("employee", "投诉市场部周凯，不回电话"),
        ("employee", "工号1024的客服骂人"),
        ("product_name", "电磁炉有货吗"),
        ("purchased_item", "买的电磁炉坏了"),
        ("demand", "水壶漏水，要求退货"),
        ("reason", "投诉，面包发霉了"),
        ("ad_type", "想放个横幅"),
        ("ad_position", "放在首页"),
        ("ad_duration", "投两周"),
        ("change", "电话要改"),
        ("where", "三号仓库着火"),
    ],
)
def test_a_field_told_in_the_text_is_not_missing(field: str, text: str) -> None:
    """R-IN-07."""
    assert missing_fields("general", None, Matter(text), (field,)) == ()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("customer_name", "有货吗"),
        ("customer_phone", "发邮件到 wang@example.com，订单2026031500417"),
        ("legal_person", "法人没说，下次再问"),
        ("project_name", "有没有合适的项目可以对接"),
        ("employee", "客服态度差，没报姓名工号"),
        ("product_name", "你好，有货吗，多少钱"),
        ("purchased_item", "买的东西有问题"),
        ("demand", "台灯忽明忽暗"),
        ("reason", "我要投诉"),
        ("ad_duration", "时长没定"),
        ("where", "闻到煤气味，对方没说地址"),
    ],
)
def test_a_field_not_told_is_missing(field: str, text: str) -> None:
    """R-IN-07."""
    assert missing_fields("general", None, Matter(text), (field,)) == (field,)


def test_structured_fields_count_and_an_anonymous_name_does_not() -> None:
    """R-IN-04, R-IN-07."""
    required = ("customer_name", "customer_phone", "product_name")
    known = Matter("多少钱", details={"product_name": "水泵"}, customer_name="李蓉", customer_phone="13800138000")
    assert missing_fields("product_inquiry", None, known, required) == ()
    anonymous = Matter("多少钱", customer_name="匿名客户")
    assert missing_fields("product_inquiry", None, anonymous, required) == required


def test_what_was_paid_for_on_the_platform_is_named_by_the_topic() -> None:
    """R-IN-07."""
    assert missing_fields("after_sales", "platform_paid", Matter("退款"), ("purchased_item",)) == ()


def test_a_field_of_a_policy_s_own_counts_as_missing_unless_registered() -> None:
    """R-IN-07."""
    assert missing_fields("general", None, Matter("x"), ("colour",)) == ("colour",)
    assert missing_fields("general", None, Matter("x", details={"colour": "red"}), ("colour",)) == ()


@settings(max_examples=examples(60), deadline=None)
@given(st.text(max_size=400), st.sampled_from(FIELDS))
def test_any_text_is_read(text: str, field: str) -> None:
    """R-IN-07: the answer is the field or nothing, in the given order."""
    assert missing_fields("general", None, Matter(text), (field,)) in {(), (field,)}


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(
        st.sampled_from(["请问", "你们", "多少钱", "空", "调", "A5", "纸", " ", "?", "退款", "product"])
        | st.text(max_size=3)
    )
)
def test_whether_a_text_names_something_is_known_before_its_end(parts: list[str]) -> None:
    """R-IN-07: as if all words that name nothing had been taken out first."""
    text = "".join(parts)
    assert names_something(text) == (len(_FILLER.sub("", text)) >= _NAMED_ENOUGH)
