"""What every knowledge builder promises (services/feedback/ports.py): a draft that can be kept, or None, purely."""

from datetime import UTC, datetime
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from services.feedback.ports import ClosedCase, Draft, KnowledgeBuilder
from shared.policy import load_policy
from shared.testing.contracts.base import PLAIN, PluginContract

_TEXTS = st.text(min_size=1, max_size=60).filter(str.strip) | st.sampled_from(
    ["退", "？！", "a" * 9_000, "空调" * 4_000]
)
_CASES = st.builds(
    ClosedCase,
    problem=_TEXTS,
    solution=_TEXTS,
    category=st.sampled_from(["after_sales", "complaint", "no_such_category"]),
    topic=st.none() | st.sampled_from(["product", "app"]),
    scenario=st.just("售后 · 商品 · 一般"),
    grade=st.sampled_from(["urgent", "normal", "complex"]),
    department=st.sampled_from(["market", "quality"]),
    channel=st.sampled_from(["web", "phone", "fax"]),
    locale=st.sampled_from(["zh-CN", "en"]),
    score=st.none() | st.integers(0, 10),
    cycle=st.integers(1, 4),
    tags=st.lists(st.text(min_size=1, max_size=8), max_size=3).map(tuple),
    opened_at=st.none() | st.just(datetime(2026, 11, 23, 2, 15, tzinfo=UTC)),
    ended_at=st.none() | st.just(datetime(2026, 11, 24, 2, 15, tzinfo=UTC)),
)


class KnowledgeBuilderContract(PluginContract):
    """Subclass it as `Test…`, with `plugin`; `samples` are a problem, its solution, and whether that makes a draft."""

    kind: ClassVar[str] = "knowledge_builder"
    samples: ClassVar[tuple[tuple[str, str, bool], ...]] = ()

    def builder(self) -> KnowledgeBuilder:
        """Return the builder under test."""
        built: KnowledgeBuilder = self.typed(KnowledgeBuilder)
        return built

    def case(self, problem: str, solution: str) -> ClosedCase:
        """Return a case that was closed well."""
        at = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
        return ClosedCase(
            problem=problem,
            solution=solution,
            category="after_sales",
            topic="product",
            scenario="售后 · 商品 · 一般",
            grade="normal",
            department="market",
            channel="web",
            locale="zh-CN",
            score=10,
            cycle=1,
            tags=(),
            opened_at=at,
            ended_at=at,
        )

    def test_decides_its_own_samples(self) -> None:
        """R-FB-04: what it was made for."""
        assert self.samples, "give at least one sample: (problem, solution, whether that makes a draft)"
        for problem, solution, makes in self.samples:
            draft = self.builder().draft(self.case(problem, solution))
            assert (draft is not None) is makes, f"{problem} / {solution}: {draft}"

    @PLAIN
    @given(case=_CASES)
    def test_a_draft_can_be_kept_or_there_is_none(self, case: ClosedCase) -> None:
        """R-FB-04: with a problem and a solution, of a category that the policy has or the case's own."""
        builder = self.builder()
        draft: object = builder.draft(case)
        assert draft is None or isinstance(draft, Draft), f"draft() returned {draft!r}"
        assert builder.draft(case) == draft == self.builder().draft(case), "the same case gave two drafts"
        if draft is not None:
            assert draft.problem.strip(), "a draft without a problem"
            assert draft.solution.strip(), "a draft without a solution"
            known = {"", case.category, *load_policy().categories}
            assert draft.category in known, f"{draft.category!r} is no category"
            assert all(isinstance(one, str) for one in draft.key_phrases), f"no words: {draft.key_phrases!r}"
