"""Who may say who is at work, and how many may be away (R-RT-08, R-SLA-07)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.presence import AWAY, Seen, change
from services.routing.domain.workorder import Refusal
from shared.events import AgentPresenceChanged, Presence
from tests.examples import examples
from tests.unit.routing.orders import NOW, POLICY

STATES = st.sampled_from(["available", "meal", "away", "off"])
AGENTS = ["market-1", "market-2", "service-1", "service-2"]


def test_what_is_told() -> None:
    """R-RT-08: who, where, what before; available is what everybody is who never said anything."""
    assert change("market-1", "meal", "market-1", {}, POLICY, NOW) == AgentPresenceChanged(
        agent_id="market-1", department="market", state="meal", previous="available", by="market-1", at=NOW
    )
    assert change("market-1", "available", "market-1", {}, POLICY, NOW) is None
    assert change("market-1", "off", "market-supervisor", {"market-1": Seen("off", NOW)}, POLICY, NOW) is None


@pytest.mark.parametrize("by", ["market-2", "market-head", "service-supervisor", "general-manager", "a-stranger"])
def test_only_oneself_or_the_supervisor(by: str) -> None:
    """R-RT-08."""
    refused = change("market-1", "off", by, {}, POLICY, NOW)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.kind) == (403, "not-allowed")


@pytest.mark.parametrize("agent", ["a-stranger", "general-manager"])
def test_only_people_of_departments_have_a_presence(agent: str) -> None:
    refused = change(agent, "off", agent, {}, POLICY, NOW)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.field) == (422, "agent_id")


def test_one_away_at_a_time() -> None:
    """R-SLA-07: a meal and a short absence count alike; changing one's own is no second; off is not away."""
    others = {"market-2": Seen("meal", NOW)}
    refused = change("market-1", "away", "market-1", others, POLICY, NOW)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.kind) == (409, "too-many-away")
    assert "market-2" in refused.detail
    assert isinstance(change("market-2", "away", "market-2", others, POLICY, NOW), AgentPresenceChanged)
    assert isinstance(change("market-1", "off", "market-1", others, POLICY, NOW), AgentPresenceChanged)
    assert isinstance(
        change("market-1", "meal", "market-1", {"market-2": Seen("off")}, POLICY, NOW), AgentPresenceChanged
    )
    assert isinstance(
        change("market-supervisor", "meal", "market-supervisor", others, POLICY, NOW), AgentPresenceChanged
    )


@given(told=st.lists(st.tuples(st.sampled_from(AGENTS), STATES), max_size=40))
@settings(max_examples=examples(100), deadline=None)
def test_never_more_away_than_may_be(told: list[tuple[str, Presence]]) -> None:
    """R-SLA-07: whatever anybody says in whatever order, and one department does not hinder another."""
    seen: dict[str, Seen] = {}
    for agent, state in told:
        decision = change(agent, state, agent, seen, POLICY, NOW)
        if isinstance(decision, AgentPresenceChanged):
            seen[agent] = Seen(state, NOW)
        elif isinstance(decision, Refusal):
            department = agent.split("-")[0]
            assert [
                one for one, now in seen.items() if now.state in AWAY and one.startswith(department) and one != agent
            ]
        for department in ("market", "service"):
            away = [one for one, now in seen.items() if now.state in AWAY and one.startswith(department)]
            assert len(away) <= POLICY.sla.agent_away.at_most
