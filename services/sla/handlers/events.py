"""A batch of events: load the clocks of all work orders concerned, apply one event after the other, save, emit."""

from collections.abc import Sequence
from datetime import datetime

from services.sla.domain.clock import Clock
from services.sla.domain.workorder_clocks import WorkorderClocks
from services.sla.handlers.watch import Watch
from services.sla.store import clocks as store
from shared.bus.transaction import Incoming, Transaction
from shared.events import CallbackCompleted, NotificationSent, WorkorderOpened, WorkorderStep
from shared.ids import new_id
from shared.policy import Policy


class EventHandler:
    """Applies the events of work orders to their clocks and tells the watch what comes next."""

    def __init__(self, policy: Policy, watch: Watch) -> None:
        self._policy = policy
        self._watch = watch

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Apply `batch` in its order; the events that follow belong to the same trace."""
        concerned = [(key, incoming) for incoming in batch if (key := _work_order(incoming)) is not None]
        if not concerned:
            return
        subjects, clocks = await store.lock(tx.connection, {key for key, _ in concerned})
        work_orders = {
            key: WorkorderClocks(subject, clocks[key], self._policy, new_id) for key, subject in subjects.items()
        }
        for key, incoming in concerned:
            message = incoming.message
            for event in work_orders[key].apply(message.data, tx.now, message.traceparent):
                tx.emit(event, subject=event.clock_id, cause=message)
        await store.save(tx.connection, subjects, tuple(work_orders.values()))
        coming = [clock for one in work_orders.values() for clock in one.clocks.values() if clock.next_at is not None]
        earliest = min(coming, key=_next_at, default=None)
        if earliest is not None:
            self._watch.expect(earliest.id, _next_at(earliest))


def _next_at(clock: Clock) -> datetime:
    return clock.next_at or clock.due_at


def _work_order(incoming: Incoming) -> str | None:
    """Return the work order that the event tells of, None where it means nothing to any clock."""
    event = incoming.data
    if isinstance(event, WorkorderOpened | WorkorderStep | CallbackCompleted):
        return event.work_order_id
    if isinstance(event, NotificationSent) and event.audience == "customer" and event.purpose != "accepted":
        return event.work_order_id
    return None
