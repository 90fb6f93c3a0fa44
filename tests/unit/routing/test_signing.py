"""Whoever recorded the result does not sign it; a department with one supervisor is not stuck (R-RT-07, docs/adr/0016)."""

from pathlib import Path

import pytest

from services.routing.domain.lifecycle import decide
from services.routing.domain.signing import free_of
from services.routing.domain.workorder import Decided, Refusal
from shared.events.commands import Sign
from tests.unit.routing.orders import (
    MATTER,
    NOW,
    POLICY,
    ask,
    done,
    order,
    policy_with_a_night_supervisor,
    refused,
    resolved,
)


@pytest.mark.parametrize(
    ("department", "stands_in"),
    [("market", "market-head"), ("network", "network-head"), ("service", "general-manager")],
)
def test_where_the_only_supervisor_recorded_the_result_the_head_signs_in_their_place(
    department: str, stands_in: str
) -> None:
    """R-RT-07: the manager, where there is no head; and signing includes returning."""
    supervisor = f"{department}-supervisor"
    own = order(department=department, status="resolved", resolved_by=supervisor, before="opened", outcome="resolved")
    assert done(own, Sign, stands_in, approve=True).status == "signed"
    assert done(own, Sign, stands_in, approve=False, reason="不完整").status == "opened"
    refusal = refused(own, Sign, supervisor, approve=True)
    assert refusal.kind == "not-allowed"
    assert f"{stands_in} may sign it" in refusal.detail
    others = {"market-supervisor", "network-head", "general-manager", f"{department}-1"} - {supervisor, stands_in}
    assert all(refused(own, Sign, by, approve=True).kind == "not-allowed" for by in others)


@pytest.mark.parametrize("by", ["market-head", "general-manager"])
def test_nobody_stands_in_for_a_supervisor_who_can_sign(by: str) -> None:
    """R-RT-07 to the letter, and also where the head recorded it."""
    assert refused(resolved(), Sign, by, approve=True).kind == "not-allowed"
    heads = order(status="resolved", resolved_by="market-head", before="opened", outcome="resolved")
    assert refused(heads, Sign, by, approve=True).kind == "not-allowed"
    assert done(heads, Sign, "market-supervisor", approve=True).status == "signed"


def test_of_two_supervisors_the_other_one_signs(tmp_path: Path) -> None:
    """R-RT-07: no head and no manager is needed then."""
    policy = policy_with_a_night_supervisor(tmp_path)
    own = order(department="service", status="resolved", resolved_by="service-supervisor", before="opened")
    answers = {
        by: decide(own, ask(Sign, by, approve=True), policy, NOW, MATTER)
        for by in ("service-supervisor", "night-supervisor", "general-manager")
    }
    assert isinstance(answers["night-supervisor"], Decided)
    assert isinstance(answers["service-supervisor"], Refusal)
    assert isinstance(answers["general-manager"], Refusal)


def test_the_ladder_of_signatures() -> None:
    """R-RT-07: supervisors, heads, manager; nobody where all of them are barred."""
    barred: list[str] = []
    for free in ("market-supervisor", "market-head", "general-manager"):
        assert free_of("market", barred, POLICY) == (free,)
        barred.append(free)
    assert free_of("market", barred, POLICY) == ()
