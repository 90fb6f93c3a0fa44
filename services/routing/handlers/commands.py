"""The desk: one command on one work order, or the reading of one with its history (contract, "Commands")."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.routing import store
from services.routing.domain.lifecycle import LIFECYCLE, decide, stranger
from services.routing.domain.workorder import Refusal, WorkOrder, invalid
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Fault, Problem, refuse
from shared.events.commands import Classify, GetWorkorder, WorkorderCommand
from shared.policy import Policy


class Desk:
    """Answers the commands of routing. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {**dict.fromkeys(LIFECYCLE, self.step), GetWorkorder: self.get}

    async def step(self, tx: Transaction, command: WorkorderCommand) -> Mapping[str, Any] | Problem:
        """Take one step of a work order; the row stays locked until the commit, so steps never overlap."""
        if (refused := self._unreadable(command)) is not None:
            return refused
        found = await store.load(tx.connection, [command.work_order_id])
        before = found.get(command.work_order_id)
        if before is None:
            return _unknown("work_order_id", command.work_order_id)
        matter = await store.matter(tx.connection, before.id) if isinstance(command, Classify) else None
        decision = decide(before, command, self._policy, tx.now, matter)
        if isinstance(decision, Refusal):
            return _problem(decision)
        await store.save(tx.connection, [decision.work_order], decision.events, tx.now)
        for event in decision.events:
            tx.emit(event, subject=before.id, cause=before.traceparent)
        return _summary(decision.work_order)

    async def get(self, tx: Transaction, command: GetWorkorder) -> Mapping[str, Any] | Problem:
        """Return `{work_order, steps}` of the work order with that id or number; `work_order.text` is the customer's."""
        if (refused := self._unreadable(command)) is not None:
            return refused
        if not (command.work_order_id or command.number):
            faults = (Fault("work_order_id", "one of work_order_id and number is required"),)
            return refuse(422, "invalid-content", "The command's content cannot be used", faults[0].message, faults)
        found = await store.find(tx.connection, work_order_id=command.work_order_id, number=command.number)
        if found is None:
            field = "work_order_id" if command.work_order_id else "number"
            return _unknown(field, command.work_order_id or command.number or "")
        work_order, history = found
        matter = await store.matter(tx.connection, work_order.id)
        told = asdict(work_order) | _summary(work_order) | {"text": matter.text if matter else None}
        return {"work_order": told, "steps": [dict(row._mapping) for row in history]}  # noqa: SLF001 (public name)

    def _unreadable(self, command: Command) -> Problem | None:
        """Refuse strangers, and texts with a zero character, which PostgreSQL cannot keep."""
        if self._policy.staff(command.by) is None:
            return _problem(stranger(command.by))
        for name, value in command:
            if isinstance(value, str) and "\0" in value:
                return _problem(invalid(name, f"The field {name} holds a character that cannot be stored."))
        return None


def _summary(work_order: WorkOrder) -> dict[str, Any]:
    return {
        "work_order_id": work_order.id,
        "number": work_order.number,
        "status": work_order.status,
        "version": work_order.version,
        "cycle": work_order.cycle,
        "department": work_order.department,
    }


def _unknown(field: str, value: str) -> Problem:
    detail = f"There is no work order with the {field} {value[:64]}."
    fault = Fault(field, "names no work order")
    return refuse(404, "unknown-work-order", "There is no such work order", detail, (fault,))


def _problem(refusal: Refusal) -> Problem:
    faults = (Fault(refusal.field, refusal.detail),) if refusal.field else ()
    return refuse(refusal.status, refusal.kind, refusal.title, refusal.detail, faults)
