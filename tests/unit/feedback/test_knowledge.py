"""Drafts, revisions and terms of knowledge (R-FB-04)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.case import after, approved, opened
from services.feedback.domain.closed_case import closed_case
from services.feedback.domain.customer import Customer
from services.feedback.domain.drafting import KEY_PHRASES, key_phrases, worth_keeping
from services.feedback.domain.knowledge import STATES, Entry, Review, Reviewed, review
from services.feedback.domain.terms import entry_terms, terms
from services.feedback.plugins.case_as_it_was import CaseAsItWas
from shared.events import KnowledgePublished, KnowledgeRetired
from shared.policy import load_policy
from tests.unit.feedback.builders import MONDAY, TRACE, Life, case

POLICY = load_policy()
GOOD: dict[str, Any] = {"status": "closed", "outcome": "resolved", "resolution": "已换货", "score": 8, "solved": True}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"score": 10}, True),
        ({"score": 7}, False),
        ({"score": None}, False),
        ({"solved": False}, False),
        ({"solved": None}, False),
        ({"outcome": "pending"}, False),
        ({"resolution": "  "}, False),
        ({"status": "signed"}, False),
    ],
)
def test_only_closed_solved_and_well_scored_cases_teach(changes: dict[str, Any], kept: bool) -> None:
    assert worth_keeping(case(**GOOD | changes), POLICY) == kept


def test_a_draft_has_no_personal_data_and_a_case_without_words_makes_none() -> None:
    wang = Customer("c1", name="王芳", phone="13800138000", text="我是王芳，13800138000，空调不制冷")
    shown = closed_case(case(**GOOD), wang, POLICY)
    assert shown is not None
    draft = CaseAsItWas().draft(shown)
    assert (draft.problem, draft.solution, shown.category) == (
        "我是[姓名]，[电话]，空调不制冷",
        "已换货",
        "after_sales",
    )
    assert closed_case(case(**GOOD), Customer("c1", text=" "), POLICY) is None


def test_key_phrases_say_what_it_is_about() -> None:
    assert key_phrases("您好，空调不制冷怎么办？空调不制冷很热", "上门更换压缩机")[:2] == (
        "空调不制冷",
        "上门更换压缩机",
    )


@given(st.text(max_size=300), st.text(max_size=100))
def test_key_phrases_are_few_short_and_from_the_text(problem: str, solution: str) -> None:
    found = key_phrases(problem, solution)
    assert len(found) <= KEY_PHRASES
    assert len(set(found)) == len(found)
    assert all(2 <= len(phrase) <= 10 for phrase in found)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("solution", [None, "同样", "换新"])
def test_every_review_of_every_state(state: Any, approve: bool, solution: str | None) -> None:
    """Published again only when it is edited; taken out only once; a revision only for an edit."""
    entry = Entry("e1", state, 3, "after_sales", ("w1",), "问题", "同样")
    decision = review(entry, Review(approve, solution=solution, reason="原因"), "service-supervisor", MONDAY)
    edited = approve and solution == "换新"
    legal = (state != "published" or edited) if approve else state in {"draft", "published"}
    assert isinstance(decision, Reviewed) == legal
    if not isinstance(decision, Reviewed):
        assert decision.status == 409
        return
    assert decision.edited == edited
    assert decision.entry.revision == 3 + edited
    assert isinstance(decision.event, KnowledgePublished if approve else KnowledgeRetired)
    ends = {"draft": "rejected", "published": "retired"}
    assert decision.entry.state == ("published" if approve else ends[state])


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Review(True, problem=" "), "problem"),
        (Review(True, solution=""), "solution"),
        (Review(False), "reason"),
        (Review(False, reason=" "), "reason"),
    ],
)
def test_an_entry_is_never_emptied_and_never_taken_out_without_a_reason(wish: Review, field: str) -> None:
    decision = review(Entry("e1", "draft", 1, "general", (), "a", "b"), wish, "service-supervisor", MONDAY)
    assert not isinstance(decision, Reviewed)
    assert (decision.status, decision.field) == (422, field)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请问空调不制冷怎么办？", {"空调", "制冷"}),
        ("ＡＰＰ显示错误", {"app", "显示", "示错", "错误"}),
        ("Two boxes of invoices and 3 batteries", {"two", "box", "invoice", "battery"}),
        ("型号KFR-35GW", {"型号", "kfr-35gw"}),
        ("[姓名]的[电话] [name]", set()),
        ("我的、了、吗", set()),
        ("漏", {"漏"}),
        ("请问漏怎么办？", {"漏"}),
        ("漏、 卡", {"漏", "卡"}),
        ("漏，空调", {"空调"}),
    ],
)
def test_a_text_is_cut_into_pairs_and_words(text: str, found: set[str]) -> None:
    assert set(terms(text)) == found


@given(st.text(max_size=200))
def test_terms_never_depend_on_width_or_case(text: str) -> None:
    assert terms(text) == terms(text)
    assert all(term and not term.isspace() for term in terms(text))


def test_the_problem_weighs_more_than_the_solution() -> None:
    assert entry_terms("空调", "空调压缩机") == {"空调": 1.5, "调压": 0.5, "压缩": 0.5, "缩机": 0.5}


def test_a_case_follows_its_work_order() -> None:
    """R-RT-06: department, cycle and status always; the result and the class where they change."""
    life = Life("w1", category="membership")
    state = opened(life.opened(), TRACE)
    state = after(state, life.resolved("材料已齐"))
    assert (state.resolution, state.outcome, state.status, state.cycle) == ("材料已齐", "resolved", "resolved", 1)
    life.department, life.category = "network", "info_change"
    signed = life.signed(confirmation_required=True)
    assert not approved(signed)
    state = after(after(state, signed), life.confirmed())
    assert approved(life.confirmed())
    state = after(state, life.reopened())
    assert (state.department, state.category, state.cycle, state.status) == ("network", "info_change", 2, "opened")
    assert state.resolution == "材料已齐"
