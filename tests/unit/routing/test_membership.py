"""Membership 入会咨询: negotiated by market, handed on to network after success, explained after failure (section 3)."""

import pytest

from services.routing.domain.workorder import Decided, WorkOrder
from shared.events import WorkorderResolved, WorkorderSigned
from shared.events.commands import Resolve, Sign, Transfer
from tests.unit.routing.orders import done, order, refused, take


def membership(**changes: object) -> WorkOrder:
    return order(**{"category": "membership", "topic": None, "grade": "complex"} | changes)


def test_a_success_is_handed_on_to_network_and_ends_there() -> None:
    """R-RT-02, membership: market cannot end it as solved; network can, and its supervisor signs (R-RT-07)."""
    refusal = refused(membership(), Resolve, "market-2", text="谈成了")
    assert (refusal.status, refusal.kind) == (409, "illegal-step")
    assert "transfer it to network" in refusal.detail
    handed = done(membership(), Transfer, "market-2", department="network", reason="谈成,材料齐全")
    result = done(handed, Resolve, "network-1", text="已开通会员")
    assert done(result, Sign, "network-supervisor", approve=True).status == "signed"


@pytest.mark.parametrize("by", ["service-1", "market-supervisor"])
def test_nobody_takes_the_short_cut(by: str) -> None:
    """R-RT-02, membership: neither the service centre nor the supervisor records a success before the hand-over."""
    assert refused(membership(), Resolve, by, text="谈成了").status == 409


def test_the_material_is_collected_before_the_hand_over() -> None:
    """R-IN-07, membership: a hand-over that lacks fields of the register is refused, and names them."""
    refusal = refused(
        membership(missing_fields=("legal_person",)), Transfer, "market-2", department="network", reason="谈成"
    )
    assert (refusal.status, refusal.kind) == (409, "illegal-step")
    assert "法人代表 (legal_person)" in refusal.detail
    wrong = order(missing_fields=("purchased_item",))
    assert done(wrong, Transfer, "market-2", department="network", reason="归网络部").department == "network"
    back = membership(department="network", missing_fields=("legal_person",))
    assert done(back, Transfer, "network-1", department="market", reason="材料不符").department == "market"


def test_a_failure_says_why_and_the_supervisor_signs() -> None:
    """R-RT-06, membership: a failure without a reason is refused; the reason is on the work order, and is signed."""
    for text in ("", "  "):
        refusal = refused(membership(), Resolve, "market-2", outcome="unresolvable", text=text)
        assert (refusal.status, refusal.field) == (422, "text")
    failed = take(membership(), Resolve, "market-2", outcome="unresolvable", text="对方不接受年费")
    assert isinstance(failed, Decided)
    [event] = failed.events
    assert isinstance(event, WorkorderResolved)
    assert (event.outcome, event.reason, event.text) == ("unresolvable", "对方不接受年费", "对方不接受年费")
    signed = take(failed.work_order, Sign, "market-supervisor", approve=True)
    assert isinstance(signed, Decided)
    assert isinstance(signed.events[0], WorkorderSigned)


@pytest.mark.parametrize("outcome", ["pending", "transferred", "unresolvable"])
def test_whatever_is_no_success_says_why(outcome: str) -> None:
    """R-RT-06: every step has who, when, why; 待跟进, 需转交 and 无法解决 are explained in every category."""
    assert refused(order(), Resolve, "market-1", outcome=outcome).field == "text"
    assert done(order(), Resolve, "market-1", outcome=outcome, text="配件停产").outcome == outcome


def test_in_triage_the_category_is_only_a_suggestion() -> None:
    """R-RT-01: what merely might be about membership is answered by the service centre."""
    assert (
        done(membership(queue="triage", department="service"), Resolve, "service-1", text="已答复").status == "resolved"
    )
