"""The clock of an agent who is away: one hour at a meal, a few minutes otherwise (R-SLA-07)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from services.sla.domain import steps
from services.sla.domain.clock import Clock, ClockEvent, Decision
from services.sla.domain.pace import pace_of
from services.sla.domain.policies import Policies
from services.sla.domain.steps import Origin, Wanted
from shared.events import AgentPresenceChanged, Presence
from shared.policy import Duration, Policy
from shared.values import replace


@dataclass(frozen=True, slots=True)
class Agent:
    """What is remembered of an agent: how often away so far, and the latest change."""

    id: str
    cycle: int = 0
    changed_at: datetime | None = None


class AgentClocks:
    """Applies the changes of one agent's presence; knows afterwards what must be saved. Pure."""

    def __init__(self, agent: Agent, clocks: Iterable[Clock], policies: Policies, issue: Callable[[], str]) -> None:
        self.agent = agent
        self.clocks: dict[str, Clock] = {clock.id: clock for clock in clocks}
        self.loaded = dict(self.clocks)
        self._policies = policies
        self._issue = issue

    def apply(self, event: AgentPresenceChanged, now: datetime, traceparent: str | None) -> tuple[ClockEvent, ...]:
        """End the absence so far and begin the next; return the events of the clocks.

        A change learnt of after a later one was over when that one began.
        """
        told: list[ClockEvent] = []
        known = self.agent.changed_at
        stale = known is not None and event.at < known
        if not stale:
            for clock in [clock for clock in self.clocks.values() if clock.live]:
                told += self._take(steps.meet(clock, event.at, now, self._policies.of(clock.policy_version)))
            self.agent = replace(self.agent, changed_at=event.at)
        target = away_target(event.state, self._policies.current)
        if target is None:
            return tuple(told)
        self.agent = replace(self.agent, cycle=self.agent.cycle + 1)
        policy = self._policies.current
        pace = pace_of(target, event.department, policy)
        wanted = Wanted(
            "agent",
            event.agent_id,
            "agent_away",
            self.agent.cycle,
            event.department,
            target.timedelta,
            event.at,
            pace,
        )
        origin = Origin(event.agent_id, now, None, policy.policy_version, self._policies.edition, traceparent)
        begun = steps.start(self._issue(), wanted, origin, policy)
        told += self._take(begun)
        if stale and known is not None:
            told += self._take(steps.meet(begun.clock, known, now, policy))
        return tuple(told)

    def _take(self, decision: Decision) -> tuple[ClockEvent, ...]:
        self.clocks[decision.clock.id] = decision.clock
        return decision.events


def away_target(state: Presence, policy: Policy) -> Duration | None:
    """Return how long an agent may be in that state; None where nobody waits for them."""
    if state == "meal":
        return policy.sla.agent_away.meal
    return policy.sla.agent_away.short if state == "away" else None
