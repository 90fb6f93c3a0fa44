"""Whether an agent is at work (R-RT-08), and how many of a department may be away at a time (R-SLA-07)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.routing.domain.workorder import Refusal, forbidden, invalid
from shared.events import AgentPresenceChanged, Presence
from shared.policy import Policy, Staff

AWAY: Final[frozenset[Presence]] = frozenset({"meal", "away"})
"""Not there, and back soon."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The presence that a member of staff told last, and since when; who told none is available, since None."""

    state: Presence = "available"
    since: datetime | None = None


def change(
    agent_id: str, state: Presence, by: str, others: Mapping[str, Seen], policy: Policy, now: datetime
) -> AgentPresenceChanged | Refusal | None:
    """Decide whether `agent_id` is `state` from `now` on; None where they are already and nothing changes.

    `others` is the presence of everybody in the department, the agent included.
    """
    agent = policy.staff(agent_id)
    if agent is None:
        return invalid("agent_id", f"{agent_id[:64]} is not in the staff directory.")
    if agent.department is None:
        return invalid("agent_id", f"{agent.id} belongs to no department, so nobody waits for them to be at work.")
    if not _may(policy.staff(by), agent):
        return forbidden(
            f"Only {agent.id} or a supervisor of {agent.department} may say whether {agent.id} is at work."
        )
    before = others.get(agent.id, Seen())
    if before.state == state:
        return None
    if state in AWAY and agent.role == "agent" and (refused := _too_many(agent, agent.department, others, policy)):
        return refused
    return AgentPresenceChanged(
        agent_id=agent.id,
        department=agent.department,
        state=state,
        previous=before.state,
        by=by,
        at=now,
    )


def _may(caller: Staff | None, agent: Staff) -> bool:
    if caller is None:
        return False
    if caller.id == agent.id:
        return True
    return caller.role == "supervisor" and caller.department == agent.department


def _too_many(agent: Staff, department: str, others: Mapping[str, Seen], policy: Policy) -> Refusal | None:
    """Refuse where as many agents of the department are away as may be; supervisors and heads do not count."""
    agents = [one.id for one in policy.members(department) if one.role == "agent" and one.id != agent.id]
    away = [one for one in agents if others.get(one, Seen()).state in AWAY]
    most = policy.sla.agent_away.at_most
    if len(away) < most:
        return None
    return Refusal(
        409,
        "too-many-away",
        "Somebody of the department is away already",
        f"At most {most} of {department} may be away at a time, and {', '.join(away)} is: "
        "somebody has to be back first.",
        "state",
    )
