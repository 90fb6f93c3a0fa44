"""A batch of events: contacts open work orders; ends of callbacks and escalations move those that exist."""

import asyncio
from collections.abc import Sequence

import structlog

from services.routing import store
from services.routing.domain.automatic import after_callback, after_escalation
from services.routing.domain.workorder import Decided, Ignored, WorkOrder
from services.routing.handlers.contacts import Opener
from services.routing.handlers.distribution import Distribution, emit_steps
from services.routing.ports import Classifier
from shared.bus.transaction import Incoming, Transaction
from shared.events import CallbackCompleted, ContactRegistered, SlaEscalated, WorkorderReopened, WorkorderStep
from shared.policy import Policy

log = structlog.get_logger()


class EventHandler:
    """Takes every event that routing consumes; `wake` is set when something new waits for a cut-off."""

    def __init__(self, policy: Policy, classifier: Classifier, distribution: Distribution, wake: asyncio.Event) -> None:
        self._policy = policy
        self._distribution = distribution
        self._opener = Opener(policy, classifier)
        self._wake = wake

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Open, close, reopen and escalate what `batch` tells of, and give to somebody what nobody has then.

        Locks are taken in one order: the day's numbers, work orders, departments.
        """
        contacts = [item for item in batch if isinstance(item.data, ContactRegistered)]
        fresh = await self._opener.open(tx, contacts) if contacts else []
        if any(one.work_order.cutoff_at for one in fresh):
            self._wake.set()
        concerned = [(item, about) for item in batch if (about := _about(item)) is not None]
        changed, events = await self._move(tx, concerned) if concerned else ({}, [])
        reopened = {event.work_order_id for event in events if isinstance(event, WorkorderReopened)}
        given = await self._distribution.settle(
            tx,
            [*(one.work_order for one in fresh), *(changed[one] for one in sorted(reopened))],
            {one.work_order.id: one.matter for one in fresh},
        )
        for decided in given.values():
            emit_steps(tx, decided)
        await self._opener.write(tx, [one.after(given.get(one.work_order.id)) for one in fresh])
        for one in sorted(reopened & given.keys()):
            changed[one] = given[one].work_order
            events += given[one].events
        if changed:
            await store.save(tx.connection, list(changed.values()), events, tx.now)

    async def _move(
        self, tx: Transaction, concerned: Sequence[tuple[Incoming, str]]
    ) -> tuple[dict[str, WorkOrder], list[WorkorderStep]]:
        """Apply events in their order to the work orders they are about; several may be about the same.

        Returns the work orders that changed, with what is to be written into their histories.
        """
        states = await store.load(tx.connection, (about for _, about in concerned))
        changed: dict[str, WorkOrder] = {}
        events: list[WorkorderStep] = []
        for item, about in concerned:
            state = states.get(about)
            if state is None:
                log.warning("event about an unknown work order", type=item.message.type, trace=item.message.trace_id)
                continue
            decision = self._decide(state, item)
            if isinstance(decision, Ignored):
                log.info("event without effect", type=item.message.type, number=state.number, why=decision.why)
                continue
            states[about] = changed[about] = decision.work_order
            events += decision.events
            emit_steps(tx, decision)
        return changed, events

    def _decide(self, state: WorkOrder, item: Incoming) -> Decided | Ignored:
        if isinstance(item.data, CallbackCompleted):
            return after_callback(state, item.data)
        return after_escalation(state, item.data, self._policy)


def _about(item: Incoming) -> str | None:
    """Return the id of the work order that the event is about, if any."""
    if isinstance(item.data, CallbackCompleted):
        return item.data.work_order_id
    if isinstance(item.data, SlaEscalated) and item.data.subject_type == "workorder":
        return item.data.subject_id
    return None
