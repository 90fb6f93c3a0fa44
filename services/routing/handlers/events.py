"""A batch of events: contacts open work orders; completions, ends of callbacks and escalations move those that exist."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from services.routing import store
from services.routing.domain.automatic import after_callback, after_escalation
from services.routing.domain.identity import Fingerprints
from services.routing.domain.joining import MOST_MERGINGS, contacted
from services.routing.domain.workorder import Decided, Ignored, WorkOrder
from services.routing.handlers.changes import Changes
from services.routing.handlers.completions import Completions
from services.routing.handlers.contacts import Fresh, Opened, Opener
from services.routing.handlers.distribution import Distribution, emit_steps
from services.routing.handlers.joins import Join
from services.routing.handlers.links import Linker, Pair
from services.routing.ports import Classifier
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    CallbackCompleted,
    ContactCompleted,
    ContactRegistered,
    Event,
    SlaEscalated,
    WorkorderClassified,
    WorkorderReopened,
)
from shared.policy import Policy

_MOVED: Final = (WorkorderReopened, WorkorderClassified)
"""Steps after which a work order may be in no hands, or in those of another department."""

log = structlog.get_logger()


class EventHandler:
    """Takes every event that routing consumes; `expect` is told when something new waits for a cut-off."""

    def __init__(
        self,
        policy: Policy,
        classifier: Classifier,
        fingerprints: Fingerprints,
        distribution: Distribution,
        expect: Callable[[datetime], None],
    ) -> None:
        self._policy = policy
        self._fingerprints = fingerprints
        self._distribution = distribution
        self._opener = Opener(policy, classifier, fingerprints)
        self._linker = Linker(policy)
        self._expect = expect

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Open, link, complete, close, reopen and escalate what `batch` tells of; give to somebody what nobody has then.

        Locks are taken in one order: the day's numbers, work orders, departments.
        """
        contacts = [item for item in batch if isinstance(item.data, ContactRegistered)]
        came = await self._opener.open(tx, contacts) if contacts else Opened()
        opened = came.fresh
        if cutoffs := [one.work_order.cutoff_at for one in opened if one.work_order.cutoff_at is not None]:
            self._expect(min(cutoffs))
        pairs = self._linker.pairs(opened, came.beside.open_matters)
        pairs += [Pair(tie.fresh_id, tie.other_id, tie.why, ended=True) for tie in came.ties]
        completions = await Completions.of(tx, batch, came, self._policy, self._fingerprints)
        fresh = {one.work_order.id: one for one in opened}
        events = [*completions.events, *(item.data for item in batch if not isinstance(item.data, ContactCompleted))]
        concerned = [(event, about) for event in events if (about := _about(event, completions)) is not None]
        wanted = {about for _, about in concerned} | {pair.other_id for pair in pairs}
        wanted |= {join.work_order_id for join in came.joins}
        changes = Changes(await store.load(tx.connection, wanted - fresh.keys()) if wanted - fresh.keys() else {})
        await _follow(tx, came.joins, changes)
        self._linker.link(tx, pairs, fresh, changes)
        joined = [row for join in came.joins if (row := _join(tx, join, fresh, changes)) is not None]
        for event, about in concerned:
            self._move(tx, event, about, fresh, changes, completions)
        await store.join(tx.connection, joined, tx.now)
        await self._give(tx, fresh, changes, completions)
        self._opener.write(tx, list(fresh.values()))
        store.remember(tx, [*came.learned, *completions.known])
        if changes.changed:
            await store.save(tx.connection, list(changes.changed.values()), changes.events, tx.now)
        await completions.write(tx)
        tx.together()

    def _move(
        self,
        tx: Transaction,
        event: Event,
        about: str,
        fresh: dict[str, Fresh],
        changes: Changes,
        completions: Completions,
    ) -> None:
        """Apply one event to the work order that it is about."""
        new = fresh.get(about)
        state = new.work_order if new else changes.states.get(about)
        if state is None:
            log.warning("event about an unknown work order", type=event.TYPE, subject=about)
            return
        decision = self._decide(state, event, completions)
        if isinstance(decision, Ignored):
            log.info("event without effect", type=event.TYPE, number=state.number, why=decision.why)
            return
        if new is None:
            changes.take(tx, decision)
            return
        fresh[about] = new.after(decision).with_matter(completions.matter(about) or new.matter)
        emit_steps(tx, decision)

    async def _give(self, tx: Transaction, fresh: dict[str, Fresh], changes: Changes, completions: Completions) -> None:
        """Give to somebody what was opened, or reopened or moved and has nobody (R-RT-08)."""
        moved = sorted({event.work_order_id for event in changes.events if isinstance(event, _MOVED)})
        told = {key: found for key in moved if (found := completions.matter(key)) is not None}
        given = await self._distribution.settle(
            tx,
            [*(one.work_order for one in fresh.values()), *(changes.changed[key] for key in moved)],
            {key: one.matter for key, one in fresh.items()} | told,
        )
        for key, decided in given.items():
            if key in fresh:
                fresh[key] = fresh[key].after(decided)
                emit_steps(tx, decided)
            else:
                changes.take(tx, decided)

    def _decide(self, state: WorkOrder, event: Event, completions: Completions) -> Decided | Ignored:
        if isinstance(event, ContactCompleted):
            return completions.decide(state, event)
        if isinstance(event, CallbackCompleted):
            return after_callback(state, event)
        if isinstance(event, SlaEscalated):
            return after_escalation(state, event, self._policy)
        return Ignored("it is about no work order of ours")


async def _follow(tx: Transaction, joins: Sequence[Join], changes: Changes) -> None:
    """Load what goes on for work orders that were merged after they were looked for."""
    for _ in range(MOST_MERGINGS):
        states = [changes.survivor(join.work_order_id) for join in joins]
        into = {state.merged_into for state in states if state is not None and state.merged_into is not None}
        if not into:
            return
        changes.states |= await store.load(tx.connection, into)


def _join(tx: Transaction, join: Join, fresh: dict[str, Fresh], changes: Changes) -> tuple[str, str, int] | None:
    """Let a contact join its work order, opened in this batch or before; return the row that tells of it."""
    new = fresh.get(join.work_order_id)
    state = new.work_order if new else changes.survivor(join.work_order_id)
    if state is None:
        log.error("a contact joined a work order that is gone", contact_id=join.contact.contact_id)
        return None
    decided = contacted(state, join.contact, tx.now)
    if new is None:
        changes.take(tx, decided)
    else:
        fresh[join.work_order_id] = new.after(decided)
        emit_steps(tx, decided)
    return join.contact.contact_id, state.id, decided.events[0].version


def _about(event: Event, completions: Completions) -> str | None:
    """Return the id of the work order that the event is about, if any."""
    if isinstance(event, ContactCompleted):
        return completions.about(event)
    if isinstance(event, CallbackCompleted):
        return event.work_order_id
    if isinstance(event, SlaEscalated) and event.subject_type == "workorder":
        return event.subject_id
    return None
