"""What every assigner promises (services/routing/ports.py): one of the candidates or None, purely."""

from collections.abc import Sequence
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from services.routing.ports import Assigner, Candidate, Task
from shared.testing.contracts.base import PLAIN, PluginContract

_CATEGORIES = ["after_sales", "complaint", "product_inquiry", "membership"]
_TASKS = st.builds(
    Task,
    department=st.sampled_from(["market", "quality", "service"]),
    queue=st.sampled_from(["department", "triage"]),
    category=st.sampled_from(_CATEGORIES),
    topic=st.none() | st.sampled_from(["product", "app"]),
    grade=st.sampled_from(["urgent", "normal", "complex"]),
    sensitive=st.booleans(),
    tier=st.none() | st.sampled_from(["returning", "vip"]),
)


@st.composite
def _candidates(draw: st.DrawFn) -> list[Candidate]:
    """Draw one to eight people who may hold at least one more."""
    people = []
    for number in range(draw(st.integers(1, 8))):
        capacity = draw(st.integers(1, 30))
        skills = frozenset(draw(st.sets(st.sampled_from(_CATEGORIES))))
        load = draw(st.integers(0, capacity - 1))
        people.append(Candidate(f"market-{number + 1}", skills, load, capacity, draw(st.integers(0, 50))))
    return draw(st.permutations(people))


class AssignerContract(PluginContract):
    """Subclass it as `Test…`, with `plugin`; `samples` are a task, its candidates, and who must get it (or None)."""

    kind: ClassVar[str] = "assigner"
    samples: ClassVar[tuple[tuple[Task, Sequence[Candidate], str | None], ...]] = ()

    def assigner(self) -> Assigner:
        """Return the assigner under test."""
        built: Assigner = self.typed(Assigner)
        return built

    def test_decides_its_own_samples(self) -> None:
        """R-RT-08: what it was made for."""
        for task, candidates, who in self.samples:
            assert self.assigner().choose(task, candidates) == who

    @PLAIN
    @given(task=_TASKS, candidates=_candidates())
    def test_one_of_the_candidates_or_nobody(self, task: Task, candidates: list[Candidate]) -> None:
        """R-RT-08: whoever is away or full is not among the candidates, so a choice of anybody else is a fault."""
        given_ = tuple(candidates)
        assigner = self.assigner()
        who: object = assigner.choose(task, candidates)
        assert tuple(candidates) == given_, "choose() changed its argument"
        assert who is None or who in {one.id for one in given_}, f"{who!r} is none of the candidates"
        assert assigner.choose(task, given_) == who, "the same question got two answers"
        assert self.assigner().choose(task, given_) == who, "a new assigner answers otherwise"
