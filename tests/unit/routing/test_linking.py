"""Which work orders are about the same matter, and what a merging may do (R-IN-06, R-RT-06)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.routing.domain.lifecycle import decide
from services.routing.domain.linking import MOST_LINKS, OpenMatter, OpenMatters, linked_by_system, same
from services.routing.domain.workorder import Decided, Refusal
from shared.events.commands import Link, Merge
from tests.unit.routing.orders import NOW, OTHER, POLICY, ask, order

ONE = OpenMatter("w-1", "k-1", "after_sales", "product", "department", "", NOW)


@pytest.mark.parametrize(
    ("changes", "linked"),
    [
        ({}, True),
        ({"topic": None}, True),
        ({"topic": "project"}, False),
        ({"category": "complaint"}, False),
        ({"queue": "triage"}, False),
        ({"order_no": "a1"}, True),
    ],
)
def test_the_same_matter(changes: dict[str, Any], linked: bool) -> None:
    """R-IN-06: category and topic as far as told; what waits in triage says too little."""
    assert (same(ONE, replace(ONE, id="w-2", **changes)) is not None) == linked


@pytest.mark.parametrize(("numbers", "linked"), [(("a1", "a1"), True), (("a1", "a2"), False)])
def test_order_numbers_decide(numbers: tuple[str, str], linked: bool) -> None:
    """R-IN-06: where both tell one, nothing else counts."""
    one, other = (replace(ONE, order_no=number) for number in numbers)
    assert (same(one, replace(other, category="complaint", queue="triage")) is not None) == linked
    assert (same(one, other) is not None) == linked


def test_the_nearest_within_the_window_of_the_same_customer() -> None:
    """R-IN-06: in both directions of time, since channels deliver late; the end of the window counts."""
    window = timedelta(hours=24)
    matters = OpenMatters(window)
    for name, hours, customer in (("a", -24, "k-1"), ("b", 3, "k-1"), ("c", 0, "k-2"), ("d", 25, "k-1")):
        matters.add([replace(ONE, id=name, occurred_at=NOW + timedelta(hours=hours), customer_id=customer)])
    found = matters.partner(ONE)
    assert found is not None
    assert found[0] == "b"
    only = OpenMatters(window)
    only.add([replace(ONE, id="a", occurred_at=NOW - window), ONE])
    assert (only.partner(ONE) or ("",))[0] == "a"
    none = OpenMatters(window)
    none.add([replace(ONE, id="d", occurred_at=NOW + window + timedelta(seconds=1))])
    assert none.partner(ONE) is None


def test_what_has_ended_or_is_full_is_not_linked() -> None:
    """R-IN-06: decided on the locked row, whatever the query saw before."""
    assert linked_by_system(order(), OTHER, NOW, "why") is not None
    assert linked_by_system(order(), replace(OTHER, status="closed"), NOW, "why") is None
    full = replace(OTHER, links=tuple(map(str, range(MOST_LINKS))))
    assert linked_by_system(order(), full, NOW, "why") is None
    by_hand = decide(order(), ask(Link, "service-1", other_work_order_id="w-2"), POLICY, NOW, other=full)
    assert isinstance(by_hand, Refusal)


def test_a_link_is_seen_from_both_sides() -> None:
    """R-IN-06: one version more for each, and nothing else changes."""
    decision = linked_by_system(order(), OTHER, NOW, "why")
    assert isinstance(decision, Decided)
    assert decision.beside is not None
    here, there = decision.work_order, decision.beside.work_order
    assert (here.links, there.links) == (("w-2",), ("w-1",))
    assert replace(here, links=(), version=1) == order()
    assert replace(there, links=(), version=1) == OTHER


def test_merging_needs_a_say_in_both() -> None:
    """R-RT-06, R-RT-07: nobody pushes work into another department's work order; service may."""
    into = replace(OTHER, department="network")
    content = {"into_work_order_id": "w-2", "reason": "同一件事"}
    refused = decide(order(), ask(Merge, "market-1", **content), POLICY, NOW, other=into)
    assert isinstance(refused, Refusal)
    assert refused.status == 403
    allowed = decide(order(), ask(Merge, "service-1", **content), POLICY, NOW, other=into)
    assert isinstance(allowed, Decided)
    assert (allowed.work_order.status, allowed.work_order.merged_into) == ("merged", "w-2")
