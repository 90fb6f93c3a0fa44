"""Builders of knowledge: what they see, what is made of their answers, and who drafts where they fail (R-FB-04)."""

from collections.abc import Callable
from typing import Any

import pytest

from services.feedback.domain.customer import Customer
from services.feedback.handlers.drafting import Drafting
from services.feedback.plugins.case_as_it_was import CaseAsItWas
from services.feedback.ports import ClosedCase, Draft
from shared import metrics
from shared.policy import load_policy
from tests.unit.feedback.builders import MONDAY, case

POLICY = load_policy()
WANG = Customer("c1", name="王芳", phone="13800138000", channel="web", text="我是王芳，13800138000，空调不制冷")
CLOSED = case(
    status="closed", outcome="resolved", resolution="已为王芳换货", score=9, solved=True, tags=("投诉-物流延迟",), opened_at=MONDAY
)  # fmt: skip


class Builder:
    def __init__(self, answer: Callable[[ClosedCase], Any]) -> None:
        self.answer = answer
        self.seen: list[ClosedCase] = []

    def draft(self, case: ClosedCase) -> Any:
        self.seen.append(case)
        return self.answer(case)


def drafted(builder: Any) -> Draft | None:
    found = Drafting(POLICY, builder, CaseAsItWas()).drafted_of(CLOSED, WANG)
    return found.draft if found else None


def failures(reason: str) -> float:
    value: float = metrics.PLUGIN_FAILURES.labels("knowledge_builder", "default", reason)._value.get()
    return value


def test_a_builder_sees_facts_without_personal_data() -> None:
    builder = Builder(lambda _: None)
    assert drafted(builder) is None  # and may decide that the case teaches nothing
    (seen,) = builder.seen
    assert (seen.problem, seen.solution, seen.score, seen.tags, seen.channel, seen.opened_at) == (
        "我是[姓名]，[电话]，空调不制冷",
        "已为[姓名]换货",
        9,
        ("投诉-物流延迟",),
        "web",
        MONDAY,
    )
    assert not [value for value in (str(getattr(seen, name)) for name in ClosedCase.__slots__) if "王芳" in value]


def test_the_default_builder_keeps_the_case_as_it_was() -> None:
    found = drafted(CaseAsItWas())
    assert found is not None
    assert (found.problem, found.solution) == ("我是[姓名]，[电话]，空调不制冷", "已为[姓名]换货")
    assert found.category == "after_sales"
    assert found.key_phrases[0] == "空调不制冷"
    assert found.scenario.startswith("售后")


def test_what_a_builder_writes_is_proofread() -> None:
    """Masked again, whatever it has found out; category and scenario of the case where it names none."""
    found = drafted(
        Builder(lambda _: Draft("空调不制冷怎么办？", "请联系王芳 13800138000", ("空调", " "), "complaint"))
    )
    assert found is not None
    assert (found.problem, found.solution) == ("空调不制冷怎么办？", "请联系[姓名] [电话]")
    assert (found.key_phrases, found.category) == (("空调",), "complaint")
    assert found.scenario.startswith("售后")


def _raise(_: ClosedCase) -> Draft:
    raise KeyError("王芳")


def _end(_: ClosedCase) -> Draft:
    raise SystemExit(1)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_raise, "raised"),
        (lambda _: "a text", "wrong"),
        (lambda _: Draft("", "x"), "wrong"),
        (lambda _: Draft("x", " "), "wrong"),
        (lambda _: Draft("x", "x", category="weather"), "wrong"),
        (lambda _: Draft("x", "x" * 200_000), "wrong"),
        (lambda _: Draft("x", "x", (7,)), "wrong"),  # type: ignore[arg-type]
    ],
)
def test_where_a_builder_fails_the_default_one_drafts(answer: Callable[[ClosedCase], Any], reason: str) -> None:
    """Counted and named; nothing that the case teaches is lost, and the closing goes on."""
    before = failures(reason)
    assert drafted(Builder(answer)) == drafted(CaseAsItWas())
    assert failures(reason) == before + 1


def test_a_builder_that_wants_to_end_the_process_does_not() -> None:
    assert drafted(Builder(_end)) == drafted(CaseAsItWas())


@pytest.mark.slow
def test_a_builder_that_does_not_return_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.feedback.handlers.drafting.LIMIT_SECONDS", 0.1)

    def forever(_: ClosedCase) -> Draft:
        while True:
            pass

    before = failures("timeout")
    assert drafted(Builder(forever)) == drafted(CaseAsItWas())
    assert failures("timeout") == before + 1
