"""Sensitive matters (R-RT-05)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.matter import Matter
from services.routing.domain.sensitive import sensitive
from tests.examples import examples


@pytest.mark.parametrize(
    ("category", "text", "reason"),
    [
        ("complaint", "再不处理我就找记者曝光", "media"),
        ("complaint", "我们会委托律师起诉", "lawsuit"),
        ("complaint", "明天就打12315", "regulator"),
        ("complaint", "订单号88的事,我打12345了", "regulator"),
        ("complaint", "我们几户一起上门讨说法", "group_action"),
        ("complaint", "我们十几个客户准备一起投诉", "group_action"),
        ("complaint", "孩子手被烫伤了", "personal_safety"),
        ("after_sales", "充电器冒烟了，差点着火", "personal_safety"),
        ("complaint", "吃完上吐下泻去医院了", "personal_safety"),
        ("emergency", "有人晕倒", "emergency"),
        ("complaint", "这是我第三次投诉了", "repeated_complaint"),
        ("complaint", "I will see my lawyer about this.", "lawsuit"),
        ("complaint", "我朋友在报社,材料给他了", "media"),
        ("membership", "再拒绝退会费我们就诉诸司法", "lawsuit"),
        ("complaint", "质量的事已经捅到药监那里,等着来查", "regulator"),
        ("complaint", "十几家店约好下周去你们总部坐着等", "group_action"),
        ("after_sales", "刀头飞出来,离脸只有几厘米", "personal_safety"),
        ("staff_complaint", "师傅推了我妈一把", "personal_safety"),
    ],
)
def test_sensitive_matters_are_flagged_with_their_reason(category: str, text: str, reason: str) -> None:
    """R-RT-05."""
    judged = sensitive(category, Matter(text))
    assert judged.flag
    assert reason in judged.reasons


@pytest.mark.parametrize(
    ("category", "text"),
    [
        ("complaint", "我不会找媒体，只要退款"),
        ("complaint", "不想打官司，你们赔了就行"),
        ("after_sales", "洗衣机脱水的时候晃得厉害"),
        ("after_sales", "水壶不通电了,换一个"),
        ("complaint", "鞋子做工炸裂,想吐槽都不知从哪说起"),
        ("general", "客户问12315和平台投诉有什么区别"),
        ("product_inquiry", "这个插座会不会漏电，防触电吗"),
        ("product_inquiry", "律师事务所买办公椅，开专票"),
        ("info_change", "工商登记换了新执照，请更新"),
        ("after_sales", "杯子碎了，没人受伤，补发一个"),
        ("product_inquiry", "3.15米的货架有吗"),
        ("ad_slot", "这个广告位一天曝光量多少，能不能发到抖音"),
        ("after_sales", "Please refund my order 12345, the kettle never worked"),
        ("after_sales", "订单号:12315的水壶坏了,换一个"),
        ("after_sales", "需要技术部和物流部一起上门检测安装"),
    ],
)
def test_denied_or_mere_mentions_are_not_sensitive(category: str, text: str) -> None:
    """R-RT-05."""
    assert sensitive(category, Matter(text)).reasons == ()


def test_a_threat_with_a_condition_is_no_denial() -> None:
    """R-RT-05."""
    assert sensitive("complaint", Matter("不退款就去法院")).reasons == ("lawsuit",)


def test_an_earlier_complaint_within_seven_days_makes_a_complaint_sensitive() -> None:
    """R-RT-05."""
    assert sensitive("complaint", Matter("还是没解决"), 1).reasons == ("repeated_complaint",)
    assert not sensitive("product_inquiry", Matter("多少钱"), 1).flag


@settings(max_examples=examples(60), deadline=None)
@given(st.text(max_size=400), st.integers(0, 3))
def test_the_flag_says_whether_there_are_reasons(text: str, earlier: int) -> None:
    """R-RT-05."""
    judged = sensitive("complaint", Matter(text), earlier)
    assert judged.flag == bool(judged.reasons)
