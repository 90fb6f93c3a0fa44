"""A plan follows from its seed and sizes alone, and holds what the guarantee asks for."""

from collections import Counter
from functools import partial

from tests.faults.chaos.plan import LANES, SECONDS, SERVICES, in_order, make_plan

planned = partial(make_plan, contacts=2_000, faults=300, seconds=480.0)


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert planned(7) == planned(7)
    assert planned(7) != planned(8)


def test_a_plan_is_the_same_in_every_process() -> None:
    """No order of a set and no salt of `hash` comes into it: these figures were noted once."""
    plan = make_plan(42, contacts=50, faults=5, seconds=60.0)
    assert [(fault.at, fault.lane, fault.kind, fault.seconds) for fault in plan.faults] == NOTED
    assert plan.deliveries == 96


def test_every_contact_is_delivered_one_to_three_times() -> None:
    plan = planned(1)
    times = Counter(number for batch in plan.batches for number in batch.contacts)
    assert sorted(times) == list(range(2_000))
    assert set(times.values()) == {1, 2, 3}
    assert len(plan.lives) == 2_000


def test_repeats_come_in_other_batches_and_also_minutes_later() -> None:
    plan = planned(1)
    moments: dict[int, list[float]] = {}
    for batch in plan.batches:
        for number in batch.contacts:
            moments.setdefault(number, []).append(batch.at)
    gaps = [max(times) - min(times) for times in moments.values() if len(times) > 1]
    assert sum(gap > 120 for gap in gaps) > 100
    assert sum(gap < 20 for gap in gaps) > 100
    assert {batch.stamped for batch in plan.batches} == {True, False}


def test_every_kind_of_fault_comes_and_in_order_of_time() -> None:
    plan = planned(3)
    assert in_order(plan)
    assert len(plan.faults) == 300
    assert {fault.lane for fault in plan.faults} == set(LANES)
    assert {kind for _, kinds in LANES.values() for kind in kinds} == {fault.kind for fault in plan.faults}
    for fault in plan.faults:
        assert 0 < fault.at <= plan.seconds
        low, high = SECONDS.get(fault.kind, (0.0, 0.0))
        assert low <= fault.seconds <= high
    assert {fault.lane for fault in plan.faults if fault.kind == "kill"} >= set(SERVICES)


def test_some_work_orders_are_worked_on_and_of_others_the_clocks_run_out() -> None:
    plan = planned(1)
    fates = Counter(tuple(step for step, _ in life.steps) for life in plan.lives)
    assert fates[()] > 400
    assert fates["respond", "resolve", "sign", "record"] > 300
    confirmed = [life for life in plan.lives if life.category == "ad_slot" and len(life.steps) > 3]
    assert all(life.steps[-2][0] == "confirm" for life in confirmed)


NOTED = [
    (4.14, "nats-link", "cut", 0.0),
    (12.81, "database", "closed", 1.53),
    (15.6, "notify", "pause", 1.87),
    (33.47, "intake", "terminate", 0.0),
    (48.92, "sla", "pause", 4.02),
]
