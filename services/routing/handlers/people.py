"""The desk of the departments: who is at work, and what everybody has in hand (R-RT-08, R-SLA-07)."""

from collections.abc import Mapping
from typing import Any

from services.routing import store
from services.routing.domain.presence import Seen, change
from services.routing.domain.workorder import Refusal, invalid
from services.routing.handlers.problems import problem_of
from services.routing.handlers.replies import unreadable
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import ListAgents, SetPresence
from shared.policy import Policy, Staff

_LISTED = 100


class PeopleDesk:
    """Answers the commands about agents. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {SetPresence: self.presence, ListAgents: self.agents}

    async def presence(self, tx: Transaction, command: SetPresence) -> Mapping[str, Any] | Problem:
        """Say whether an agent is at work; saying again what is known already changes nothing.

        Returns {agent_id, department, state, previous, since, in_hand, open_work_orders}: what the agent has in hand
        stays with the agent, and is listed so that a supervisor may give it to somebody else, the oldest 100 of it.
        """
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        agent = self._policy.staff(command.agent_id)
        known: Mapping[str, Seen] = {}
        if agent is not None and agent.department is not None:
            # The rota's lock: nobody goes on a break beside this one, and none gets work as they leave.
            await store.lock_rotas(tx.connection, [agent.department])
            known = await store.seen(tx.connection, [one.id for one in self._policy.members(agent.department)])
        decision = change(command.agent_id, command.state, command.by, known, self._policy, tx.now)
        if isinstance(decision, Refusal):
            return problem_of(decision)
        before = known.get(command.agent_id, Seen())
        since = before.since
        if decision is not None:
            since = decision.at
            await store.save_presence(tx.connection, decision)
            tx.emit(decision, subject=decision.agent_id)
        count, rows = await store.in_hand(tx.connection, command.agent_id, _LISTED)
        return {
            "agent_id": command.agent_id,
            "department": agent.department if agent else None,
            "state": command.state,
            "previous": before.state,
            "since": since,
            "in_hand": count,
            "open_work_orders": [{"work_order_id": row.id, "number": row.number, "status": row.status} for row in rows],
        }

    async def agents(self, tx: Transaction, command: ListAgents) -> Mapping[str, Any] | Problem:
        """Return {agents: [{agent_id, name, department, role, skills, state, since, in_hand, capacity}]}."""
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        if command.department is not None and command.department not in self._policy.departments:
            return problem_of(invalid("department", f"There is no department {command.department[:64]}."))
        departments = [command.department] if command.department else list(self._policy.departments)
        staff = [one for department in departments for one in self._policy.members(department)]
        ids = [one.id for one in staff]
        known, found = await store.seen(tx.connection, ids), await store.people(tx.connection, ids)
        return {"agents": [self._told(one, known.get(one.id, Seen()), found[one.id].load) for one in staff]}

    def _told(self, staff: Staff, seen: Seen, load: int) -> dict[str, Any]:
        own = staff.capacity
        return {
            "agent_id": staff.id,
            "name": staff.name,
            "department": staff.department,
            "role": staff.role,
            "skills": staff.skills,
            "state": seen.state,
            "since": seen.since,
            "in_hand": load,
            "capacity": self._policy.routing.assignment.capacity if own is None else own,
        }
