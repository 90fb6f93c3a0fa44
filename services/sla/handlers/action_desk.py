"""The desk for what escalations set off: which are not taken, and one more try of them (R-SLA-10)."""

from collections.abc import Mapping
from typing import Any

from services.sla.handlers.actions import Actions
from services.sla.store import actions as store
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Fault, Problem, refuse
from shared.events.commands import ListActions, RetryActions
from shared.policy import Policy
from shared.times import rfc3339


class ActionDesk:
    """Answers the commands about actions. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy, actions: Actions) -> None:
        self._policy = policy
        self._actions = actions

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {ListActions: self.list, RetryActions: self.retry}

    async def list(self, tx: Transaction, command: ListActions) -> Mapping[str, Any] | Problem:
        """Return {actions: […]}, the newest first."""
        if problem := self._stranger(command):
            return problem
        rows = await store.listed(tx.connection, command.state, command.work_order_id, command.limit)
        return {"actions": [_line(row) for row in rows]}

    async def retry(self, tx: Transaction, command: RetryActions) -> Mapping[str, Any] | Problem:
        """Let refused and dead actions wait for their first attempt again; return {actions: how many}."""
        if problem := self._stranger(command):
            return problem
        if (command.action_id is None) == (command.plugin is None):
            detail = "Give the id of one action, or a plugin for all of its actions, and not both."
            fault = Fault("action_id", detail)
            return refuse(422, "invalid-content", "The command's content cannot be used", detail, (fault,))
        count = await store.again(tx.connection, command.action_id, command.plugin, tx.now)
        if command.action_id is not None and not count:
            detail = f"{command.action_id[:200]} is no action that was refused or is dead."
            return refuse(404, "unknown-action", "There is no such action", detail)
        tx.committed.append(self._actions.loop.wake.set)
        return {"actions": count}

    def _stranger(self, command: Command) -> Problem | None:
        if self._policy.staff(command.by) is not None:
            return None
        detail = f"{command.by[:64]} is not in the staff directory."
        return refuse(403, "not-staff", "Only staff may give commands", detail)


def _line(row: Any) -> dict[str, Any]:
    return {
        "action_id": row.id,
        "plugin": row.plugin,
        "to": row.step,
        "metric": row.event["metric"],
        "department": row.event["department"],
        "work_order_id": None if row.event["subject_type"] == "agent" else row.owner,
        "number": row.number,
        "state": row.state,
        "attempts": row.attempts,
        "reason": row.reason,
        "created_at": rfc3339(row.created_at),
        "next_at": rfc3339(row.next_at) if row.state == "waiting" else None,
        "settled_at": row.settled_at and rfc3339(row.settled_at),
    }
