"""The work orders of a batch of events while it is applied: several events may be about the same one."""

from dataclasses import dataclass, field

from services.routing.domain.workorder import Decided, WorkOrder
from services.routing.handlers.distribution import emit_steps
from shared.bus.transaction import Transaction
from shared.events import WorkorderStep


@dataclass(slots=True)
class Changes:
    """Locked work orders by id as they are by now, and what is to be written of them at the end."""

    states: dict[str, WorkOrder]
    changed: dict[str, WorkOrder] = field(default_factory=dict)
    events: list[WorkorderStep] = field(default_factory=list)

    def survivor(self, work_order_id: str) -> WorkOrder | None:
        """Return the work order, or the one that goes on for it where it was merged and that one is here."""
        state = self.states.get(work_order_id)
        while state is not None and (into := self.states.get(state.merged_into or "")) is not None:
            state = into
        return state

    def take(self, tx: Transaction, decided: Decided) -> None:
        """Take one more step of a work order, and tell of it."""
        key = decided.work_order.id
        self.states[key] = self.changed[key] = decided.work_order
        self.events += decided.events
        emit_steps(tx, decided)
