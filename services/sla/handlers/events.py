"""A batch of events: load the clocks of all work orders and agents concerned, apply one event after the other, save, emit."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.sla.domain.agent_clocks import AgentClocks
from services.sla.domain.clock import Clock, ClockEvent
from services.sla.domain.policies import Policies
from services.sla.domain.workorder_clocks import WorkorderClocks
from services.sla.handlers.watch import Watch
from services.sla.store import clocks as store
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    AgentPresenceChanged,
    CallbackCompleted,
    CallbackScheduled,
    CallbackWithdrawn,
    NotificationSent,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderReturned,
    WorkorderStep,
)
from shared.ids import new_id


class EventHandler:
    """Applies events to the clocks of their work orders and agents, and tells the watch what comes next."""

    def __init__(self, policies: Policies, watch: Watch) -> None:
        self._policies = policies
        self._watch = watch

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Apply `batch` in its order; the events that follow belong to the same trace."""
        concerned = [(key, incoming) for incoming in batch for key in _work_orders(incoming)]
        if concerned:
            await self._work_orders(tx, concerned)
        presence = [incoming for incoming in batch if isinstance(incoming.data, AgentPresenceChanged)]
        if presence:
            await self._agents(tx, presence)

    async def _work_orders(self, tx: Transaction, concerned: Sequence[tuple[str, Incoming]]) -> None:
        subjects, clocks = await store.lock(tx.connection, {key for key, _ in concerned})
        returned = {key for key, incoming in concerned if isinstance(incoming.data, WorkorderReturned)}
        if returned:
            for clock in await store.results(tx.connection, returned):
                clocks[clock.owner].append(clock)
        work_orders = {
            key: WorkorderClocks(subject, clocks[key], self._policies, new_id) for key, subject in subjects.items()
        }
        for key, incoming in concerned:
            message = incoming.message
            told = work_orders[key].apply(message.data, tx.now, message.traceparent, message.time)
            _emit(tx, told, incoming)
        await store.save(tx.connection, subjects, tuple(work_orders.values()))
        self._expect(clock for one in work_orders.values() for clock in one.clocks.values())

    async def _agents(self, tx: Transaction, presence: Sequence[Incoming]) -> None:
        known, clocks = await store.lock_agents(tx.connection, {incoming.data.agent_id for incoming in presence})
        agents = {key: AgentClocks(agent, clocks[key], self._policies, new_id) for key, agent in known.items()}
        for incoming in presence:
            event: AgentPresenceChanged = incoming.data
            _emit(tx, agents[event.agent_id].apply(event, tx.now, incoming.message.traceparent), incoming)
        await store.save_agents(tx.connection, tuple(agents.values()))
        self._expect(clock for one in agents.values() for clock in one.clocks.values())

    def _expect(self, clocks: Iterable[Clock]) -> None:
        coming = []
        for clock in clocks:
            if clock.next_at is None:
                self._watch.forget(clock.id)
            else:
                coming.append(clock)
        earliest = min(coming, key=_next_at, default=None)
        if earliest is not None:
            self._watch.expect(earliest.id, _next_at(earliest))


def _emit(tx: Transaction, told: Iterable[ClockEvent], incoming: Incoming) -> None:
    for event in told:
        tx.emit(event, subject=event.clock_id, cause=incoming.message)


def _next_at(clock: Clock) -> datetime:
    return clock.next_at or clock.due_at


def _work_orders(incoming: Incoming) -> Sequence[str]:
    """Return the work orders that the event tells of, none where it means nothing to any clock."""
    event = incoming.data
    if isinstance(event, WorkorderHandedOver):
        return event.work_order_ids
    if isinstance(event, WorkorderOpened | WorkorderStep | CallbackScheduled | CallbackCompleted | CallbackWithdrawn):
        return (event.work_order_id,)
    if isinstance(event, NotificationSent) and event.audience == "customer" and event.purpose != "accepted":
        return (event.work_order_id,) if event.work_order_id else ()
    return ()
