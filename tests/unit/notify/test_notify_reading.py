"""What a careful reader would trip over: a sender not named, a question with a full stop, a reason twice (R-NT-03)."""

from __future__ import annotations

import re

import pytest

from services.notify.handlers.texts import LANGUAGES
from tests.unit.notify.wordings import FACTS, NAMES, POLICY, render


@pytest.mark.parametrize(("language", "signature"), [("zh", "【应答客服中心】"), ("en", "[Yingda Customer Service] ")])
@pytest.mark.parametrize("template", sorted(NAMES.names - {NAMES.digest}))
def test_an_sms_names_its_sender_once_and_first(template: str, language: str, signature: str) -> None:
    """R-NT-03: an SMS has no letterhead; whoever reads it, customer or colleague, sees whose it is."""
    text = render(template, language, "sms", FACTS)[1]
    assert text.startswith(signature)
    assert text.count(signature.strip()) == 1
    assert signature.strip() not in render(template, language, "email", FACTS)[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("progress", "reply"),
        ("plain_progress", "reply"),
        ("result", "result"),
        ("plain_result", "result"),
        ("relay", "reply"),
        ("delivery", "reply"),
        ("collaboration", "deliverable"),
    ],
)
@pytest.mark.parametrize("mark", ["？", "！", "?"])
def test_a_question_in_an_sms_stays_a_question(template: str, key: str, language: str, mark: str) -> None:
    """R-NT-03: no full stop after somebody's question mark."""
    text = render(template, language, "sms", FACTS | {key: f"请问型号是什么{mark}"})[1]
    assert f"什么{mark}" in text
    assert not re.search(r"[？！?!][。.；]", text)
    plainly = render(template, language, "sms", FACTS | {key: "已核对。"})[1]
    assert ("已核对。" if language == "zh" else "已核对.") in plainly


@pytest.mark.parametrize(
    ("reason", "chinese", "english"),
    [
        (
            "客户对处理结果不满意 (the customer is not satisfied)",
            "客户对处理结果不满意",
            "the customer is not satisfied",
        ),
        ("客户补充了照片 (IMG)", "客户补充了照片 (IMG)", "客户补充了照片 (IMG)"),
        ("型号写错 (see page two)（见附件）", "型号写错 (see page two)（见附件）", "型号写错 (see page two)（见附件）"),
        ("缺少凭证", "缺少凭证", "缺少凭证"),
    ],
)
def test_a_reason_of_the_system_is_read_in_one_language(reason: str, chinese: str, english: str) -> None:
    """R-NT-03: the system gives its reasons in both; what people write stays as they wrote it."""
    for language, wanted in (("zh", chinese), ("en", english)):
        text = render("assigned", language, "email", FACTS | {"reopened": True, "reason": reason})[1]
        assert f"{'原因：' if language == 'zh' else 'Reason: '}{wanted}\n" in text


@pytest.mark.parametrize("template", ["survey", "plain_survey"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_nobody_is_said_to_have_been_called_who_has_left_no_number(template: str, channel: str) -> None:
    """R-FB-01."""
    for language, words in (("zh", ("致电", "打过电话", "打通")), ("en", ("call", "phone"))):
        told = render(template, language, channel, FACTS)[1]
        assert any(word in told for word in words)
        told = render(template, language, channel, FACTS, phone=None)[1]
        assert not any(word in told for word in words)


def test_a_topic_that_names_its_category_is_not_doubled() -> None:
    """R-NT-03: 产品售后 rather than 售后·产品售后."""
    facts = FACTS | {"category": "after_sales", "topic": "product"}
    assert "分类：产品售后\n" in render("assigned", "zh", "email", facts)[1]
    assert "分类：投诉·APP信息展现\n" in render("assigned", "zh", "email", FACTS)[1]


def test_a_batch_of_one_is_one_work_order() -> None:
    """R-NT-02."""
    assert "1 work order for" in render("handover", "en", "email", FACTS | {"count": 1, "numbers": ["XR1"]})[0]
    assert "2 work orders for" in render("handover", "en", "email", FACTS | {"count": 2, "numbers": ["XR1", "XR2"]})[0]


@pytest.mark.parametrize("template", ["emergency_accepted", "plain_accepted"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_an_emergency_without_its_place_is_asked_for_it(template: str, language: str, channel: str) -> None:
    """R-IN-07, R-NT-01: help cannot come to a place that nobody knows; problem and owner are told, too."""
    facts = FACTS | {"category": "emergency", "topic": None, "department": "service", "missing": ["where"]}
    text = render(template, language, channel, facts)[1]
    owner = POLICY.departments["service"].name.in_locale(language)
    for part in (
        "发生的地点" if language == "zh" else "where it happened",
        "空调不制冷",
        f"{owner}值班主管" if language == "zh" else owner,
    ):
        assert part in text


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_nobody_is_asked_for_what_they_have_told_meanwhile(channel: str) -> None:
    """R-NT-01, R-IN-07: a notice that waited for an address goes out once it is given, and asks for the rest only."""
    facts = FACTS | {"missing": ["customer_name", "customer_phone", "contact_name", "contact_phone", "product_name"]}
    text = render("accepted", "zh", channel, facts)[1]
    assert "请您补充：产品名称。" in text
    text = render("accepted", "zh", channel, facts, name="匿名客户", phone=None)[1]
    assert "请您补充：您的姓名、您的联系电话、联系人姓名、联系人电话、产品名称。" in text
