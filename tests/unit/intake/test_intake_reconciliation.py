"""The count of the reconciliation: whatever the services answer, every contact is counted once (guarantee 6)."""

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.reconciliation import AFTER_ROUTING, STAGES, Answer, Stage, Tally, count_fates, fates

IDS = [f"c{number}" for number in range(12)]


def counted(
    told: list[str], routing: Answer, others: dict[Stage, Answer], *, judged: bool = True
) -> dict[Stage, Tally]:
    tallies: dict[Stage, Tally] = {stage: Tally(stage) for stage in STAGES}
    count_fates(tallies, fates(told, routing, others), judged=judged)
    return tallies


@given(
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(["found", "letter", "missing"])),
    st.dictionaries(
        st.tuples(st.sampled_from(IDS), st.sampled_from(AFTER_ROUTING)), st.sampled_from(["letter", "missing"])
    ),
    st.booleans(),
)
def test_contacts_are_work_orders_and_letters_and_what_is_in_flight_and_what_is_missing(
    said: dict[str, str], lacking: dict[tuple[str, Stage], str], judged: bool
) -> None:
    """The sum holds at every stage, and a difference has the ids of exactly what is missing."""
    told = sorted(said)
    orders = {key: f"w{key}" for key in told if said[key] == "found"}
    routing = Answer(
        {key for key in told if said[key] == "missing"}, {key for key in told if said[key] == "letter"}, orders
    )
    others: dict[Stage, Answer] = {
        stage: Answer(
            {f"w{key}" for (key, where), how in lacking.items() if where == stage and how == "missing"},
            {f"w{key}" for (key, where), how in lacking.items() if where == stage and how == "letter"},
        )
        for stage in AFTER_ROUTING
    }
    tallies = counted(told, routing, others, judged=judged)
    assert tallies["workorders"].checked == len(told)
    for stage in AFTER_ROUTING:
        tally = tallies[stage]
        assert tally.checked == len(orders) == tallies["workorders"].found
        lost = set(others[stage].missing) & set(orders.values())
        assert set(tally.missing) == (lost if judged else set())
        assert tally.in_flight == (0 if judged else len(lost))
    assert set(tallies["workorders"].missing) == (set(routing.missing) if judged else set())


def test_a_difference_after_routing_is_named_by_the_work_order_and_remembers_the_contact() -> None:
    routing = Answer(found={"c1": "w1"})
    tallies = counted(["c1"], routing, {"clocks": Answer(missing={"w1"}), "notices": Answer(), "cases": Answer()})
    assert tallies["clocks"].missing == {"w1": "c1"}
    assert tallies["clocks"].to_json()["missing"] == ["w1"]
    assert tallies["notices"].found == tallies["cases"].found == 1


def test_what_has_no_work_order_is_missed_once_and_not_at_every_stage_after() -> None:
    tallies = counted(["c1"], Answer(missing={"c1"}), {})
    assert [tallies[stage].checked for stage in STAGES] == [0, 1, 0, 0, 0]
