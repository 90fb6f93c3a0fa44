"""R-FB-06: which texts are looked through, which conversations are sampled, and who scores them."""

import itertools
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.quality.inspect import Inspector
from services.feedback.domain.quality.plain import plain
from services.feedback.domain.quality.review import Review, Scores, may_see, score
from services.feedback.domain.quality.sampling import sampled, spoken
from services.feedback.domain.refusal import Refusal
from shared.events import Event, WorkorderPromised, WorkorderResolved, WorkorderResponded, WorkorderSigned
from shared.policy import load_policy
from shared.policy.feedback import QualityPolicy
from shared.testing.builders import completed_callback, workorder_step
from tests.unit.feedback.builders import MONDAY

POLICY = load_policy()
INSPECTOR = Inspector(POLICY.feedback.quality)
REVIEW = Review("r1", "w1", "XR20261123001", "market-1", "market", MONDAY, MONDAY)


def responded(**changes: Any) -> Event:
    return workorder_step(WorkorderResponded, 2, **{"by_department": "market", "text": "好的"} | changes)


@pytest.mark.parametrize(
    ("event", "source"),
    [
        (responded(), "responded"),
        (responded(audience="staff"), None),
        (responded(by="system"), None),
        (responded(text="  "), None),
        (workorder_step(WorkorderResolved, 2, outcome="resolved", text="已换货"), "resolved"),
        (workorder_step(WorkorderPromised, 2, promised_at=MONDAY, text="明天回复"), "promised"),
        (completed_callback(comment="客户满意"), "callback"),
        (completed_callback(comment=""), None),
        (completed_callback(kind="survey", comment="你们说不知道"), None),
        (workorder_step(WorkorderSigned, 2, confirmation_required=False), None),
    ],
)
def test_texts_that_an_agent_wrote_for_a_customer_are_looked_through(event: Event, source: str | None) -> None:
    """R-FB-06: not what is said inside the house, by a machine, or by the customer in a survey."""
    found = spoken(event)
    assert (found.source if found else None) == source


def test_a_place_is_that_of_the_original_text() -> None:
    """R-FB-06: the desk can mark what was found, whatever its normal form looks like."""
    text = "尊敬的客户：①這個我不\u200b知 道，㈱"
    (finding,) = INSPECTOR.findings(text)
    assert (finding.phrase, finding.matched) == ("不知道", text[finding.start : finding.end])
    assert finding.matched == "不\u200b知 道"
    assert plain("ＡＢ不知").text == "ab不知"


def test_several_findings_of_one_text_come_in_order_and_apart() -> None:
    """R-FB-06."""
    found = INSPECTOR.findings("喂，你急什么，这不归我管，我也不清楚")
    assert [(one.kind, one.phrase) for one in found] == [
        ("forbidden", "喂"),
        ("forbidden", "急什么"),
        ("evasion", "不归我管"),
        ("evasion", "不清楚"),
    ]


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("不知道什么时候能修好，很着急", []),
        ("不清楚发票寄到哪里", []),
        ("我告诉他我不清楚", ["不清楚"]),
        ("我说这不归我管", ["不归我管"]),
        ("喂，你急什么", ["喂", "急什么"]),
    ],
)
def test_in_a_note_about_a_call_only_the_agents_own_evasions_count(note: str, found: list[str]) -> None:
    """R-FB-06: most of a callback's comment is what the customer said."""
    assert [one.phrase for one in INSPECTOR.findings(note, note=True)] == found


def test_phrases_are_data() -> None:
    """R-FB-06: ops add phrases and wordings; the figures live in the policy."""
    own = QualityPolicy.model_validate(
        {
            "sample_percent": 0,
            "forbidden": ["亲爱的"],
            "evasions": ["看情况"],
            "wordings": {"看情况": {"like": ["到时候再说"], "not_in": ["看情况说明"]}},
        }
    )
    found = [one.phrase for one in Inspector(own).findings("亲 爱的，到时候再说，见看情况说明书，喂")]
    assert found == ["亲爱的", "看情况"]
    with pytest.raises(ValueError, match="neither forbidden nor an evasion"):
        QualityPolicy.model_validate({"sample_percent": 0, "forbidden": [], "evasions": [], "wordings": {"嗯": {}}})


def test_the_sample_is_a_share_the_same_for_everybody() -> None:
    """R-FB-06: deterministic, about as large as the policy says, and a larger one holds the smaller."""
    keys = [(f"work-order-{number}", f"agent-{number % 7}") for number in range(20_000)]
    shares: Mapping[int, set[int]] = {
        percent: {n for n, key in enumerate(keys) if sampled(*key, percent)} for percent in (0, 5, 20, 100)
    }
    assert (len(shares[0]), len(shares[100])) == (0, 20_000)
    assert 900 <= len(shares[5]) <= 1_100
    assert shares[5] < shares[20]


@pytest.mark.parametrize(
    ("by", "allowed"),
    [
        ("market-1", False),
        ("market-2", False),
        ("market-supervisor", True),
        ("market-head", True),
        ("network-supervisor", False),
        ("service-1", False),
        ("service-supervisor", True),
        ("general-manager", True),
    ],
)
def test_who_scores_a_conversation(by: str, allowed: bool) -> None:
    """R-FB-06: the agent's supervisor or head, that of service, the manager."""
    staff = POLICY.staff_directory[by]
    decided = score(REVIEW, Scores(8, 9, 10, " 好 "), staff, MONDAY, POLICY)
    assert isinstance(decided, Review) is allowed
    if isinstance(decided, Review):
        assert (decided.state, decided.reviewer, decided.comment) == ("scored", by, "好")


def test_nobody_scores_their_own_and_nothing_twice_or_beyond_the_scale() -> None:
    """R-FB-06."""
    supervisor = POLICY.staff_directory["market-supervisor"]
    own = Review("r2", "w1", "XR20261123001", "market-supervisor", "market", MONDAY, MONDAY)
    high = score(REVIEW, Scores(11, 1, 1), supervisor, MONDAY, POLICY)
    assert isinstance(high, Refusal)
    assert (high.status, high.field) == (422, "expression")
    refused = score(own, Scores(1, 1, 1), supervisor, MONDAY, POLICY)
    assert isinstance(refused, Refusal)
    assert refused.status == 403
    once = score(REVIEW, Scores(1, 1, 1), supervisor, MONDAY, POLICY)
    assert isinstance(once, Review)
    again = score(once, Scores(2, 2, 2), supervisor, MONDAY, POLICY)
    assert isinstance(again, Refusal)
    assert again.status == 409


def test_an_agent_sees_their_own_results_only() -> None:
    """R-FB-06."""
    agent = POLICY.staff_directory["market-1"]
    assert may_see(agent, "market-1", "market", POLICY) is None
    assert may_see(agent, "market-2", "market", POLICY) is not None
    assert may_see(agent, None, "market", POLICY) is not None


@given(st.text(alphabet="不知道喂急什么投诉我客户说您你，。“” \n我们的吗a", max_size=60))
def test_every_finding_is_a_place_of_its_text(text: str) -> None:
    """R-FB-06: whatever is written; in order, no two at the same place, and the same again the second time."""
    found = INSPECTOR.findings(text)
    assert all(text[one.start : one.end] == one.matched for one in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert found == INSPECTOR.findings(text)


def test_a_text_of_nothing_but_phrases_takes_no_time() -> None:
    """R-FB-06: the work for one text is bounded."""
    began = time.thread_time()  # of the processor: others may want it too
    for text in ("不知道" * 3_300, '客户您不知道"“' * 1_000, "不" * 10_000, "喂" * 10_000, "“" * 10_000):
        INSPECTOR.findings(text)
    assert time.thread_time() - began < 2
