"""A batch of events: load the clocks of all work orders and agents concerned, apply one event after the other, save, emit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.sla.domain.agent_clocks import AgentClocks
from services.sla.domain.clock import Clock, ClockEvent
from services.sla.domain.policies import Policies
from services.sla.domain.subject import Subject
from services.sla.domain.workorder_clocks import WorkorderClocks
from services.sla.handlers.actions import Actions
from services.sla.handlers.watch import Watch
from services.sla.store import clocks as store
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    AgentPresenceChanged,
    CallbackCompleted,
    CallbackScheduled,
    CallbackWithdrawn,
    Event,
    NotificationSent,
    WorkorderAssigned,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderReturned,
    WorkorderStep,
)
from shared.ids import new_id

Concerned = tuple[str, Incoming]
"""A work order and an event that tells of it."""

Told = tuple[str, Incoming, tuple[ClockEvent, ...]]
"""The work order or agent, the event, and what it leads to."""


class EventHandler:
    """Applies events to the clocks of their work orders and agents, and tells the watch what comes next."""

    def __init__(self, policies: Policies, watch: Watch, actions: Actions) -> None:
        self._policies = policies
        self._watch = watch
        self._actions = actions

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Apply `batch` in its order; the events that follow belong to the same trace."""
        concerned = [(key, incoming) for incoming in batch for key in _work_orders(incoming)]
        if concerned:
            await self._work_orders(tx, concerned)
        presence = [incoming for incoming in batch if isinstance(incoming.data, AgentPresenceChanged)]
        if presence:
            await self._agents(tx, presence)

    async def _work_orders(self, tx: Transaction, concerned: Sequence[Concerned]) -> None:
        """Apply the events and save what follows; a work order that turns out to be there already is decided anew.

        Nearly every work order is new where one opens, so it is decided before it is written: one row, written once. It is
        there where something else was heard of it before, or another replica created it meanwhile.
        """
        before, work_orders, told = await self._decide(tx, concerned)
        fresh = {key: one for key, one in work_orders.items() if key not in before}
        overtaken = fresh.keys() - await store.create(tx.connection, [one.subject for one in fresh.values()])
        if overtaken:
            again = [pair for pair in concerned if pair[0] in overtaken]
            there, anew, told_anew = await self._decide(tx, again, dict.fromkeys(overtaken))
            before, work_orders = before | there, work_orders | anew
            told = [pair for pair in told if pair[0] not in overtaken] + told_anew
        for _, incoming, events in told:
            _emit(tx, events, incoming)
        await self._actions.order(tx, ((key, event) for key, _, events in told for event in events))
        await store.save(tx, before, tuple(work_orders.values()))
        self._expect(clock for one in work_orders.values() for clock in one.clocks.values())

    async def _decide(
        self, tx: Transaction, concerned: Sequence[Concerned], wanted: Mapping[str, str | None] | None = None
    ) -> tuple[dict[str, Subject], dict[str, WorkorderClocks], list[Told]]:
        """Return the subjects that are there, all work orders after the events, and what the events lead to.

        `wanted` are those to look for, as `store.lock` takes them; all that may be there where it is not given.
        """
        wanted = _not_opening(concerned) if wanted is None else wanted
        subjects, clocks = await store.lock(tx.connection, wanted)
        concerned = [pair for pair in concerned if wanted.get(pair[0]) is None or pair[0] in subjects]
        returned = {key for key, incoming in concerned if isinstance(incoming.data, WorkorderReturned)}
        if returned:
            for clock in await store.results(tx.connection, returned):
                clocks[clock.owner].append(clock)
        work_orders: dict[str, WorkorderClocks] = {}
        told: list[Told] = []
        for key, incoming in concerned:
            one = work_orders.get(key)
            if one is None:
                subject = subjects.get(key) or Subject(key)
                one = work_orders[key] = WorkorderClocks(subject, clocks.get(key, ()), self._policies, new_id)
            message = incoming.message
            told.append((key, incoming, one.apply(message.data, tx.now, message.trace, message.time)))
        return subjects, work_orders, told

    async def _agents(self, tx: Transaction, presence: Sequence[Incoming]) -> None:
        known, clocks = await store.lock_agents(tx.connection, {incoming.data.agent_id for incoming in presence})
        agents = {key: AgentClocks(agent, clocks[key], self._policies, new_id) for key, agent in known.items()}
        told: list[Told] = []
        for incoming in presence:
            event: AgentPresenceChanged = incoming.data
            told.append((event.agent_id, incoming, agents[event.agent_id].apply(event, tx.now, incoming.message.trace)))
            _emit(tx, told[-1][2], incoming)
        await self._actions.order(tx, ((key, event) for key, _, events in told for event in events))
        await store.save_agents(tx, tuple(agents.values()))
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


def _not_opening(concerned: Iterable[Concerned]) -> dict[str, str | None]:
    """Return the work orders that do not open here, each with its department where it was assigned and nothing else.

    Every work order is assigned, and that is nearly always all. Who gets it inside the department moves no clock; only
    where an assignment is the first to tell of another department does it matter.
    """
    wanted: dict[str, str | None] = {}
    opening: set[str] = set()
    for key, incoming in concerned:
        event = incoming.data
        if isinstance(event, WorkorderOpened):
            opening.add(key)
        elif not isinstance(event, WorkorderAssigned):
            wanted[key] = None
        elif wanted.get(key, "") is not None:
            wanted[key] = event.department
    return {key: department for key, department in wanted.items() if key not in opening}


def _next_at(clock: Clock) -> datetime:
    return clock.next_at or clock.due_at


def concerns(event: Event) -> bool:
    """Return whether `event` can move a clock: of what was told, only news to a customer after the acceptance does."""
    return not isinstance(event, NotificationSent) or (event.audience == "customer" and event.purpose != "accepted")


def _work_orders(incoming: Incoming) -> Sequence[str]:
    """Return the work orders that the event tells of, none where it means nothing to any clock."""
    event = incoming.data
    if isinstance(event, WorkorderHandedOver):
        return event.work_order_ids
    if isinstance(event, WorkorderOpened | WorkorderStep | CallbackScheduled | CallbackCompleted | CallbackWithdrawn):
        return (event.work_order_id,)
    if isinstance(event, NotificationSent) and concerns(event):
        return (event.work_order_id,) if event.work_order_id else ()
    return ()
