"""R-RT-08 as properties, for every assigner that is installed: capacity, presence, fairness, and a stranger that fails."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.assignment import Chooses, Person
from services.routing.domain.rota import Rota
from services.routing.plugins.by_skill import BySkill
from services.routing.plugins.least_load import LeastLoad
from services.routing.plugins.round_robin import RoundRobin
from services.routing.ports import Assigner, Candidate, Task
from shared.events import Presence
from shared.policy import Policy, Staff
from tests.examples import examples
from tests.plugins import installed
from tests.unit.routing.orders import POLICY, order

INSTALLED = installed("assigner")
PRESENCE: st.SearchStrategy[Presence] = st.sampled_from(["available", "available", "available", "meal", "away", "off"])
CATEGORIES = ["after_sales", "complaint", "product_inquiry", "membership"]


class Raises:
    name = "raises"

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        raise RuntimeError(task.category)


class Says:
    name = "says"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        return self.answer  # type: ignore[return-value]


def house(agents: int = 5, capacity: int = 20, own: dict[str, int] | None = None) -> Policy:
    """Return the default policy with so many agents in market, some with a capacity of their own."""
    people = {
        key: one for key, one in POLICY.staff_directory.items() if one.department != "market" or one.role != "agent"
    }
    for number in range(1, agents + 1):
        key = f"market-{number}"
        skills = (CATEGORIES[number % len(CATEGORIES)],)
        people[key] = Staff(
            id=key,
            name=f"员工{number}",
            role="agent",
            department="market",
            email=f"{key}@example.com",
            phone="13900000099",
            skills=skills,
            capacity=(own or {}).get(key),
        )
    assignment = POLICY.routing.assignment.model_copy(update={"capacity": capacity})
    routing = POLICY.routing.model_copy(update={"assignment": assignment})
    # Built anew: a copy would keep what the policy has worked out about its people.
    return Policy.model_construct(
        **{name: getattr(POLICY, name) for name in Policy.model_fields}
        | {"staff_directory": people, "routing": routing}
    )


def rota(assigner: Chooses, policy: Policy = POLICY, people: dict[str, Person] | None = None) -> Rota:
    return Rota(policy, dict.fromkeys(policy.departments, assigner), {}, people or {})


def test_the_built_in_ones_come_through_the_strangers_door() -> None:
    built_in = {"round_robin": RoundRobin, "least_load": LeastLoad, "by_skill": BySkill}
    assert all(isinstance(INSTALLED[name], kind) for name, kind in built_in.items())
    assert all(isinstance(made, Assigner) and made.name == name for name, made in INSTALLED.items())


@pytest.mark.parametrize("name", INSTALLED)
@given(data=st.data())
@settings(max_examples=examples(100), deadline=None)
def test_never_over_capacity_and_never_somebody_absent(name: str, data: st.DataObject) -> None:
    """R-RT-08: whatever the loads, presences and work orders; the supervisor exactly where nobody is free."""
    keys = [f"market-{number}" for number in range(1, 6)]
    own = data.draw(st.dictionaries(st.sampled_from(keys), st.integers(0, 5)))
    policy = house(capacity=data.draw(st.integers(1, 5)), own=own)
    people = {key: Person(data.draw(PRESENCE), data.draw(st.integers(0, 6))) for key in keys}
    given_out = rota(INSTALLED[name], policy, people)
    loads = {key: person.load for key, person in people.items()}
    limits = {key: own.get(key, policy.routing.assignment.capacity) for key in keys}
    there = [key for key in keys if people[key].presence == "available"]
    for category in data.draw(st.lists(st.sampled_from(CATEGORIES), max_size=30)):
        free = [key for key in there if loads[key] < limits[key]]
        found = given_out.give(order(category=category))
        if free:
            assert (found.way, found.failure) == ("assigner", None)
            assert found.assignee in free
            loads[found.assignee] += 1
        else:
            assert (found.assignee, found.way) == ("market-supervisor", "full" if there else "absent")


@given(
    agents=st.integers(1, 6),
    batches=st.lists(st.integers(0, 13), min_size=1, max_size=8),
)
@settings(max_examples=examples(100), deadline=None)
def test_round_robin_is_fair_within_one_across_batches(agents: int, batches: list[int]) -> None:
    """R-RT-08: each batch begins where the last ended, with nothing kept but the turns; also where all was finished."""
    policy, turns, got = house(agents, capacity=1000), {"market": dict[str, int]()}, Counter[str]()
    for size in batches:
        given_out = Rota(policy, dict.fromkeys(policy.departments, RoundRobin()), turns, {})
        got.update(given_out.give(order()).assignee for _ in range(size))
        turns |= given_out.changed
        counts = [got[f"market-{number}"] for number in range(1, agents + 1)]
        assert max(counts) - min(counts) <= 1
    assert sum(got.values()) == sum(batches)


def test_who_comes_back_is_not_flooded() -> None:
    """R-RT-08: after an absence one is next, once; not until one has caught up."""
    assigner = dict.fromkeys(POLICY.departments, RoundRobin())
    away = Rota(POLICY, assigner, {}, {"market-2": Person("meal")})
    assert [away.give(order()).assignee for _ in range(5)] == ["market-1"] * 5
    back = Rota(POLICY, assigner, away.changed, {})
    assert [back.give(order()).assignee for _ in range(4)] == ["market-2", "market-1", "market-2", "market-1"]


@given(loads=st.lists(st.integers(0, 19), min_size=2, max_size=5), size=st.integers(0, 40))
@settings(max_examples=examples(100), deadline=None)
def test_least_load_levels_out(loads: list[int], size: int) -> None:
    """R-RT-08: nobody gets a work order while somebody has less; in the end all are within one where enough came."""
    policy = house(len(loads), capacity=1000)
    now = {f"market-{number}": load for number, load in enumerate(loads, 1)}
    given_out = rota(LeastLoad(), policy, {key: Person(load=load) for key, load in now.items()})
    for _ in range(size):
        found = given_out.give(order()).assignee
        assert now[found] == min(now.values())
        now[found] += 1


def test_a_part_timer_gets_a_part() -> None:
    """R-RT-08: load is measured by what one may hold."""
    given_out = rota(LeastLoad(), house(2, capacity=20, own={"market-1": 10}))
    assert Counter(given_out.give(order()).assignee for _ in range(30)) == {"market-1": 10, "market-2": 20}


def test_skill_comes_first_and_then_anybody() -> None:
    """R-RT-08: the skilled while they may hold more, then the others; nobody waits for the skilled."""
    policy = house(4, capacity=2)
    given_out = rota(BySkill(), policy)
    skilled = [one.id for one in policy.members("market") if "complaint" in one.skills]
    got = [given_out.give(order(category="complaint")).assignee for _ in range(9)]
    assert got[:2] == skilled * 2
    assert len(set(got[2:8])) == 3
    assert got[8] == "market-supervisor"


@pytest.mark.parametrize(
    ("assigner", "way", "failure"),
    [
        (Raises(), "failed", "RuntimeError"),
        (Says("market-9"), "failed", "NotACandidate"),
        (Says("network-1"), "failed", "NotACandidate"),
        (Says("market-supervisor"), "failed", "NotACandidate"),
        (Says(["market-1"]), "failed", "NotACandidate"),
        (Says(7), "failed", "NotACandidate"),
        (Says(None), "nobody", None),
    ],
    ids=["raises", "stranger", "other department", "no candidate", "list", "number", "nobody"],
)
def test_a_failing_assigner_blocks_nothing(assigner: Chooses, way: str, failure: str | None) -> None:
    """R-RT-08: the supervisor gets it, the way says so, and the next one is tried again."""
    given_out = rota(assigner)
    for _ in range(2):
        found = given_out.give(order())
        assert (found.assignee, found.way, found.failure) == ("market-supervisor", way, failure)
    assert given_out.changed == {}


@pytest.mark.parametrize("state", ["meal", "away", "off"])
def test_nobody_present_is_the_supervisors(state: Presence) -> None:
    """R-RT-08."""
    given_out = rota(RoundRobin(), people={"market-1": Person(state), "market-2": Person(state)})
    assert given_out.give(order()).way == "absent"


def test_some_categories_are_the_supervisors_own() -> None:
    """Handbook, section 3: complaints about staff and emergencies; in triage the category is only a suggestion."""
    given_out = rota(RoundRobin())
    found = given_out.give(order(category="emergency", department="service"))
    assert (found.assignee, found.way) == ("service-supervisor", "to_supervisor")
    assert given_out.give(order(category="staff_complaint")).assignee == "market-supervisor"
    assert given_out.give(order(category="emergency", department="service", queue="triage")).assignee == "service-1"
    assert given_out.give(order(category="staff_complaint"), {"market-supervisor"}).assignee == "market-head"


def test_who_stays_after_a_reopening() -> None:
    """R-RT-08: the assignee goes on, also from a break; not one who is off, has left, or belongs elsewhere."""
    given_out = rota(RoundRobin(), people={"market-1": Person("off"), "market-2": Person("meal")})
    told = {who: given_out.stays(order(assignee=who)) for who in ("market-1", "market-2", "network-1", "gone", None)}
    assert told == {"market-1": False, "market-2": True, "network-1": False, "gone": False, None: False}
