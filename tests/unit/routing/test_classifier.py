"""The rules classifier: categories and topics of invented contacts, and what must hold for any text (R-RT-01)."""

import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.plugins.rulebook import rulebook
from services.routing.plugins.rules import RulesClassifier
from services.routing.ports import Classifier, Matter
from tests.examples import examples

RULES = RulesClassifier()
UNSEEN = Path(__file__).with_name("unseen_contacts.tsv")

CLEAR = [
    ("product_inquiry", None, "请问这款手电筒续航多久，想买两个"),
    ("product_inquiry", None, "Could you quote 300 steel shelves and tell us the lead time?"),
    ("project_matching", None, "看到平台发布的“东湖驿站改造”项目，我们想报名对接"),
    ("membership", None, "我们是做木地板的，想入驻你们平台，要什么资质"),
    ("membership", None, "我們想申請入會，請問會費多少"),
    ("info_change", None, "我公司电话换了，请把平台主页上的联系电话改成新的"),
    ("ad_slot", None, "首页轮播广告位投一个月多少钱"),
    ("after_sales", "product", "上周买的台灯不亮了，要求换货"),
    ("after_sales", "project", "平台对接的厂房改造项目验收后漏水，请乙方来返修"),
    ("after_sales", "platform_paid", "会员年费付重了，麻烦退一笔"),
    ("complaint", "product", "买到假货，跟专柜完全不一样，骗子，差评"),
    ("complaint", "project", "投诉平台发布的项目信息不实，白跑一趟"),
    ("complaint", "after_sales", "退款拖了一个月，催了五次售后都说在处理，没人管"),
    ("complaint", "app_display", "APP页面上还显示我们的旧地址，明明早就改了"),
    ("complaint", "paid_service", "付费推广花了五千，一点效果都没有，太坑了"),
    ("staff_complaint", None, "投诉客服小孙，态度恶劣，还挂我电话"),
    ("emergency", "safety", "仓库着火了，浓烟很大，快来人"),
    ("emergency", "medical", "展厅有人晕倒，叫不醒，已经打了120"),
    ("general", None, "账号密码忘了，怎么找回"),
    ("care", None, "会员到期前关怀电话，客户表示满意"),
]

NEIGHBOURS = [
    ("product_inquiry", "看到评论里有人投诉漏水，这款新批次改了吗？考虑买一台"),
    ("product_inquiry", "会不会漏电啊，给孩子房间用的灯，想买"),
    ("general", "投诉热线号码给一个，没有要投诉，贴在墙上用"),
    ("info_change", "我司的简介要换成附件里的新版。另外问一下，首页广告位多少钱？"),
    ("membership", "入会以后要是一年没有订单，会费能退吗？我们公司做砂轮的"),
    ("after_sales", "收货地址写错了，麻烦改成公司的"),
]


def test_it_is_a_classifier() -> None:
    """R-RT-01: the plugin has the port's shape."""
    assert isinstance(RULES, Classifier)
    assert RULES.name == "rules"


@pytest.mark.parametrize(("category", "topic", "text"), CLEAR)
def test_clear_contacts_go_where_the_handbook_says(category: str, topic: str | None, text: str) -> None:
    """R-RT-01, R-RT-02."""
    found = RULES.classify(Matter(text))
    assert (found.category, found.topic) == (category, topic), found
    assert found.confidence > 0.3


@pytest.mark.parametrize(("category", "text"), NEIGHBOURS)
def test_neighbours_are_told_apart(category: str, text: str) -> None:
    """R-RT-01: what a text mentions beside its main matter does not decide."""
    assert RULES.classify(Matter(text)).category == category


def test_contacts_that_are_neither_rules_nor_examples_are_mostly_understood() -> None:
    """R-RT-01: these texts are not among the worked examples."""
    rows = [line.split("\t") for line in UNSEEN.read_text(encoding="utf-8").splitlines()]
    right = sum(RULES.classify(Matter(text)).category == label.partition("/")[0] for label, text in rows)
    assert right >= 0.9 * len(rows)


def test_registered_details_count_as_evidence() -> None:
    """R-RT-01: an employee registered by the agent makes a vague grievance one about staff."""
    vague = Matter("答应的事到现在没办", details={"employee": "孔亮(市场部)"})
    assert RULES.classify(vague).category == "staff_complaint"


def test_a_vague_contact_has_no_topic_and_little_confidence() -> None:
    """R-RT-01: below the threshold a person decides."""
    found = RULES.classify(Matter("我要投诉"))
    assert (found.category, found.topic) == ("complaint", None)
    assert RULES.classify(Matter("嗯嗯")).confidence < 0.4


@pytest.mark.parametrize(
    ("category", "text", "topic"),
    [
        ("after_sales", "推广费多扣了，退给我", "platform_paid"),
        ("complaint", "页面显示的库存是错的", "app_display"),
        ("complaint", "修了三次都没修好，售后没人管", "after_sales"),
        ("emergency", "有人触电了，快断电", "safety"),
        ("general", "怎么注册", None),
    ],
)
def test_the_topic_within_a_given_category(category: str, text: str, topic: str | None) -> None:
    """R-RT-02: an agent chose the category, the topic comes from the text."""
    found, confidence, _ = RULES.topic_of(Matter(text), category)
    assert found == topic
    assert 0 <= confidence <= 1


def test_the_topic_of_an_unknown_category_is_none() -> None:
    """R-RT-02: a policy may have categories of its own."""
    assert RULES.topic_of(Matter("什么都行"), "unheard_of")[0] is None


@settings(max_examples=examples(60), deadline=None)
@given(
    st.text(max_size=300),
    st.dictionaries(st.text(string.ascii_lowercase, max_size=8), st.text(max_size=8), max_size=3),
)
def test_any_text_gets_a_bounded_repeatable_suggestion(text: str, details: dict[str, str]) -> None:
    """R-RT-01."""
    matter = Matter(text, details=details)
    found = RULES.classify(matter)
    assert 0 <= found.confidence <= 1
    assert found == RulesClassifier().classify(matter)
    assert found.category in {label.category for label in rulebook().labels.values()}


@pytest.mark.parametrize(
    "text",
    [
        "退" * 10_000,
        "我要投诉，" * 2_000,
        "投诉客服" * 2_500,
        "((((" * 2_500,
        "会员费年费修改" * 1_400,
        "\n" * 10_000,
        "a " * 5_000,
    ],
)
def test_long_texts_stay_fast(text: str) -> None:
    """R-RT-01: a text of 10,000 characters must not stall a batch."""
    started = time.thread_time()  # of the processor: others may want it too
    RULES.classify(Matter(text[:10_000]))
    assert time.thread_time() - started < 0.5
