"""The commands of the reconciliation: run one now, show one, settle a difference that will stay."""

from collections.abc import Mapping
from typing import Any

from services.intake.handlers.reconciliation.reconciler import LOOK_BACK, Reconciler
from services.intake.store import reconciliation as store
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Fault, Problem, refuse
from shared.events.commands import RunReconciliation, SettleDifference, ShowReconciliation
from shared.ids import new_id
from shared.policy import Policy
from shared.reconciliation import stranger
from shared.times import rfc3339


class ReconciliationDesk:
    """Answers the commands. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy, reconciler: Reconciler) -> None:
        self._policy = policy
        self._reconciler = reconciler

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {RunReconciliation: self.run, ShowReconciliation: self.show, SettleDifference: self.settle}

    async def run(self, tx: Transaction, command: RunReconciliation) -> Mapping[str, Any] | Problem:
        """Plan a run that is due now and return {run_id}; `show` tells what came of it."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        run_id = new_id()
        await store.plan(tx.connection, run_id, store.ASKED, tx.now, command.since or tx.now - LOOK_BACK)
        tx.committed.append(self._reconciler.loop.wake.set)
        return {"run_id": run_id}

    async def show(self, tx: Transaction, command: ShowReconciliation) -> Mapping[str, Any] | Problem:
        """Return {run: {run_id, kind, ended_at, since, until, settled, stages | unanswered} or null, differences: […]}."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        run = await store.run_of(tx.connection, command.run_id)
        if run is None and command.run_id is not None:
            return refuse(404, "unknown-run", "There is no such run", f"There is no run {command.run_id}.")
        told = [{**row, "found_at": rfc3339(row["found_at"])} for row in await store.open_differences(tx.connection)]
        return {"run": None if run is None else _told(run), "differences": told}

    async def settle(self, tx: Transaction, command: SettleDifference) -> Mapping[str, Any] | Problem:
        """Close one open difference and return {stage, name}; a supervisor, a head or the manager may."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        staff = self._policy.staff(command.by)
        if staff is None or staff.role == "agent":
            return refuse(403, "forbidden", "This is not yours to do", "A supervisor, a head or the manager may.")
        if not command.reason.strip() or "\0" in command.reason + command.name:
            fault = Fault("reason", "says nothing, or holds a character that cannot be stored")
            return refuse(422, "invalid-content", "The command's content cannot be used", fault.message, (fault,))
        place = (command.stage, command.name)
        done = await store.settle_differences(tx.connection, [place], tx.now, command.by, command.reason.strip())
        if not done:
            detail = f"Nothing is missing at {command.stage} under the name {command.name}."
            return refuse(404, "unknown-difference", "There is no such difference", detail)
        return {"stage": command.stage, "name": command.name}


def _told(run: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run_id": run["id"],
        "kind": run["kind"],
        "ended_at": rfc3339(run["ended_at"]) if run["ended_at"] else None,
        **(run["result"] or {}),
    }
