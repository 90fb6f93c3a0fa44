"""R-FB-04: like problems are collected by one entry; unlike ones are not."""

import pytest

from services.feedback.domain.drafting import Draft, scenario_of
from services.feedback.domain.similar import Known, Place, place, resemblance
from shared.policy import load_policy
from tests.unit.feedback.builders import case

POLICY = load_policy()
SIMILAR = POLICY.feedback.knowledge.similar_percent / 100
PROBLEM, SOLUTION = "空调不制冷，压缩机坏了，要求换货", "核实后换同型号空调"
SAME = (
    ("我上周买的空调挂机不制冷，师傅来看说是压缩机的问题，要求换货", "新买的空调不制冷，压缩机坏了，我要换货"),
    ("会员费扣了两次，多扣的那笔请退给我", "会员费重复扣款，请把多扣的退给我"),
    ("发票抬头开错了，少了有限两个字，麻烦重新开一张", "发票抬头写错了，能重新开一张吗"),
    ("平台首页展示的公司电话还是旧的，请改成新号码", "公司主页的电话是旧号码，请改成新的"),
    (
        "The label printer arrived damaged and I need a replacement",
        "My label printer is damaged, please send a replacement",
    ),
    ("快递三天没更新物流信息", "物流信息三天没有更新了"),
)
UNLIKE = (
    ("空调不制冷，要求换货", "洗衣机漏水，要求换货"),
    ("会员费重复扣款", "会员资料电话错误"),
    ("发票抬头开错了", "发票还没收到"),
    ("快递三天没更新物流信息", "快递送错地址了"),
    ("广告位到期想续费", "广告位图片要换"),
    ("The printer arrived damaged", "The invoice has a wrong name"),
    ("漏", "坏"),
    ("", ""),
)


def draft(problem: str = PROBLEM, solution: str = SOLUTION, category: str = "after_sales") -> Draft:
    return Draft(problem, solution, (), category)


def known(key: str = "e1", state: str = "draft", *, solution: str = SOLUTION, problem: str = PROBLEM) -> Known:
    return Known(key, "draft" if state == "draft" else "published", "after_sales", (problem,), solution)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_problem_in_other_words_is_like(one: str, other: str) -> None:
    """R-FB-04."""
    assert resemblance(one, other) == resemblance(other, one) >= SIMILAR


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_another_problem_is_not(one: str, other: str) -> None:
    """R-FB-04: not for a common product or demand."""
    assert resemblance(one, other) < SIMILAR


def test_a_case_joins_the_draft_of_its_problem() -> None:
    """R-FB-04: however it was solved, the reviewer compares; only within its category."""
    entries = [
        known("far", problem="发票抬头开错了，重开一张"),
        known("e1"),
        known("e2", problem="空调不制冷，要求退款"),
    ]
    assert place(draft(), entries, SIMILAR) == Place(joins="e1")
    assert place(draft(solution="退款"), entries, SIMILAR) == Place(joins="e1")
    assert place(draft(category="complaint"), entries, SIMILAR) == Place()
    assert place(draft(), [], SIMILAR) == Place()


def test_a_case_solved_as_published_confirms_the_entry() -> None:
    """R-FB-04: else it is a draft of its own that names the entry; a draft like that collects the next."""
    published = known("p1", "published")
    assert place(draft(), [published], SIMILAR) == Place(joins="p1", confirms=True)
    other = draft(solution="远程指导清洗滤网即恢复")
    assert place(other, [published], SIMILAR) == Place(like="p1")
    assert place(other, [published, known("d1", solution="清洗滤网")], SIMILAR) == Place(joins="d1")


def test_a_case_is_compared_with_every_case_of_an_entry() -> None:
    """R-FB-04: the wording of a later case finds it, too."""
    entry = Known("e1", "draft", "after_sales", ("机器吹热风", PROBLEM), SOLUTION)
    assert place(draft(), [entry], SIMILAR).joins == "e1"


def test_the_scenario_says_when_it_occurs() -> None:
    """R-FB-04: category, topic and grade by their names in the customer's language."""
    assert scenario_of(case(), "zh-CN", POLICY) == "售后 · 产品售后 · 一般"
    assert scenario_of(case(topic=None, grade="urgent"), "en-GB", POLICY) == "after-sales · urgent"
    assert scenario_of(case(category="gone"), "zh", POLICY) == "gone"
