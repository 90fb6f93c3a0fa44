"""An agent who is away: an hour at a meal, ten minutes otherwise (R-SLA-07)."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from services.sla.domain.agent_clocks import Agent, AgentClocks
from services.sla.domain.clock import ClockEvent
from services.sla.domain.due import watch
from services.sla.domain.policies import Policies
from shared.events import AgentPresenceChanged, Presence, SlaStarted, SlaStep
from shared.policy import load_policy
from tests.unit.sla.story import local

NOON = local("2026-11-23 12:00")
POLICY = load_policy(None)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def told(*changes: tuple[Presence, float], late: float | None = None) -> list[tuple[str, int, float]]:
    """What the clocks told: verb, cycle, and minutes after noon of the due time; `late` is when the watch looked last."""
    count = itertools.count(1)
    clocks = AgentClocks(Agent("service-1"), (), Policies(POLICY), lambda: f"c{next(count)}")
    events: list[ClockEvent] = []
    for state, minutes in changes:
        event = AgentPresenceChanged(
            agent_id="service-1",
            department="service",
            state=state,
            previous="available",
            by="service-1",
            at=at(minutes),
        )
        events += clocks.apply(event, at(minutes), None)
    for clock in clocks.clocks.values() if late is not None else ():
        events += watch(clock, at(late or 0), at(late or 0), POLICY).events
    assert {(e.subject_type, e.subject_id, e.metric, e.department) for e in events} <= {
        ("agent", "service-1", "agent_away", "service")
    }
    return [(_verb(event), event.cycle, (event.due_at - NOON).total_seconds() / 60) for event in events]


def _verb(event: SlaStarted | SlaStep) -> str:
    return event.TYPE.split(".")[2]


def test_a_meal_takes_an_hour_by_the_clock_on_the_wall() -> None:
    """R-SLA-07: exactly an hour is in time."""
    assert told(("meal", 0), ("available", 60)) == [("started", 1, 60), ("met", 1, 60)]
    assert told(("meal", 0), ("available", 60.1))[1:] == [("breached", 1, 60), ("escalated", 1, 60)]


def test_a_short_absence_takes_ten_minutes() -> None:
    """R-SLA-07."""
    assert told(("away", 0), ("off", 9)) == [("started", 1, 10), ("met", 1, 10)]


def test_whoever_stays_away_is_found_by_the_watch() -> None:
    """R-SLA-07, R-SLA-10."""
    assert told(("away", 0), late=10.1)[1:] == [("breached", 1, 10), ("escalated", 1, 10)]


def test_every_absence_is_its_own() -> None:
    """R-SLA-09: from the meal straight to another absence."""
    assert told(("meal", 0), ("away", 30), ("available", 41)) == [
        ("started", 1, 60), ("met", 1, 60), ("started", 2, 40), ("breached", 2, 40), ("escalated", 2, 40),
    ]  # fmt: skip


def test_coming_back_twice_says_nothing() -> None:
    assert told(("available", 0), ("off", 5), ("available", 9)) == []


def test_an_absence_learnt_of_after_its_end_was_over_then() -> None:
    """R-SLA-09: replicas may apply the two changes in either order."""
    assert told(("available", 30), ("meal", 0)) == [("started", 1, 60), ("met", 1, 60)]
    assert told(("available", 70), ("meal", 0))[1:] == [("breached", 1, 60), ("escalated", 1, 60)]
