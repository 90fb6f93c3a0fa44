"""A batch of events: cases are kept, approved results become callbacks, well closed cases become drafts of knowledge.

A constant number of statements, whatever the size of the batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from services.feedback import store
from services.feedback.domain.callback import Callback
from services.feedback.domain.case import ENDED, Case, after, approved, opened
from services.feedback.domain.customer import Customer
from services.feedback.domain.drafting import worth_keeping
from services.feedback.domain.report.facts import contact_fact
from services.feedback.domain.return_call import wanted
from services.feedback.domain.schedule import callback_for, return_call_for, told, withdrawn
from services.feedback.handlers.drafting import Drafting
from services.feedback.handlers.learning import learn
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    ContactCompleted,
    ContactRegistered,
    Message,
    WorkorderCancelled,
    WorkorderClosed,
    WorkorderMerged,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderStep,
)
from shared.ids import derived_id
from shared.policy import Policy

SYSTEM = "system"
TELEPHONE = "phone"
"""The channel whose contacts can be missed or unresolved calls."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Work:
    """What a batch changes, gathered before it is written."""

    cases: dict[str, Case]
    fresh: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    reopened: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    """Work orders that ended without a result of their own: nobody is called about them any more."""
    closed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Closed so well that they become knowledge."""
    causes: dict[str, Incoming] = field(default_factory=dict)
    """The event that led to a callback (by its id) or to a draft (by the work order's)."""


class EventHandler:
    """Takes every event that feedback consumes."""

    def __init__(self, policy: Policy, drafting: Drafting) -> None:
        self._policy = policy
        self._drafting = drafting

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Apply `batch` to the cases it concerns; events of one work order come in the order of their versions."""
        told_now = {i.data.contact_id: i for i in batch if isinstance(i.data, ContactRegistered)}
        customers = await self._customers(tx, batch)
        facts = {key: contact_fact(item.data) for key, item in told_now.items()}
        await store.save_customers(tx.connection, customers.values(), facts)
        steps = [item for item in batch if isinstance(item.data, WorkorderOpened | WorkorderStep)]
        born = {item.data.work_order_id for item in steps if isinstance(item.data, WorkorderOpened)}
        loaded = await store.load_cases(
            tx.connection, {item.data.work_order_id for item in steps} - born, customers.keys()
        )
        work = _Work(loaded)
        for case in loaded.values():
            if case.draft_waiting and case.contact_id in told_now:
                work.kept.add(case.work_order_id)
                work.causes[case.work_order_id] = told_now[case.contact_id]
        for item in steps:
            self._apply(work, item)
        await self._return_calls(tx, work, told_now, steps)
        drafts = await self._drafts(tx, work, customers)
        await self._write(tx, work)
        await self._write_drafts(tx, work, drafts)

    def _apply(self, work: _Work, item: Incoming) -> None:
        event: WorkorderOpened | WorkorderStep = item.data
        key = event.work_order_id
        if isinstance(event, WorkorderOpened):
            work.cases[key] = opened(event, item.message.trace)
            work.fresh.add(key)
            return
        if key not in work.cases:
            log.warning("step of an unknown work order", type=item.message.type, trace=item.message.trace_id)
            return
        before = work.cases[key]
        case = work.cases[key] = after(before, event)
        if case != before:
            work.changed.add(key)
        if approved(event):
            callback_id = derived_id("callback", key, str(case.cycle), "callback")
            work.callbacks[callback_id] = callback_for(case, callback_id, event.at, self._policy)
            work.causes[callback_id] = item
        elif isinstance(event, WorkorderReopened | WorkorderCancelled | WorkorderMerged):
            # What was scheduled by this very batch for a result that no longer stands is not scheduled at all.
            work.callbacks = {i: one for i, one in work.callbacks.items() if one.work_order_id != key}
            work.kept.discard(key)
            if isinstance(event, WorkorderReopened):
                work.reopened[key] = case.cycle
                work.cases[key] = replace(case, draft_waiting=False)
            else:
                work.ended.add(key)
        elif isinstance(event, WorkorderClosed):
            work.closed.add(key)
            # The outcome that was recorded: closed as pending, a survey may have been answered by now.
            if worth_keeping(replace(case, outcome=before.outcome), self._policy):
                work.kept.add(key)
                work.causes[key] = item

    async def _customers(self, tx: Transaction, batch: Sequence[Incoming]) -> dict[str, Customer]:
        """Return the contacts that `batch` tells of, as known after it."""
        customers: dict[str, Customer] = {}
        completed = [i.data for i in batch if isinstance(i.data, ContactCompleted)]
        if completed:
            customers = await store.load_customers(tx.connection, {event.contact_id for event in completed})
        for item in batch:
            event = item.data
            if isinstance(event, ContactRegistered):
                customers[event.contact_id] = Customer.of(event)
            elif isinstance(event, ContactCompleted):
                if event.contact_id in customers:
                    customers[event.contact_id] = customers[event.contact_id].completed(event)
                else:
                    log.warning("completion of an unknown contact", trace=item.message.trace_id)
        return customers

    async def _return_calls(
        self, tx: Transaction, work: _Work, told_now: Mapping[str, Incoming], steps: Sequence[Incoming]
    ) -> None:
        """Plan the calls that answer missed and unresolved ones, where contact and work order are both known (R-IN-10)."""
        wants = [want for item in told_now.values() if (want := wanted(item.data)) is not None]
        opened_by = {
            item.data.contact_id: item
            for item in steps
            if isinstance(item.data, WorkorderOpened) and item.data.channel == TELEPHONE
        }
        met = await store.meet(tx.connection, wants, {key: item.data.work_order_id for key, item in opened_by.items()})
        earlier = {key for key, _ in met} - work.cases.keys()
        work.cases |= await store.load_cases(tx.connection, earlier, ())
        for work_order_id, want in met:
            case = work.cases.get(work_order_id)
            if case is None or case.status in ENDED:
                continue
            callback_id = derived_id("callback", work_order_id, "return_call")
            work.callbacks[callback_id] = return_call_for(case, callback_id, want, self._policy)
            work.causes[callback_id] = opened_by.get(want.contact_id) or told_now[want.contact_id]

    async def _drafts(self, tx: Transaction, work: _Work, told_now: dict[str, Customer]) -> list[store.Drafted]:
        """Return the drafts of the cases closed well; a case whose contact has not arrived yet waits for it."""
        due = [work.cases[key] for key in sorted(work.kept)]
        missing = {case.contact_id for case in due} - told_now.keys()
        customers = await store.load_customers(tx.connection, missing) | told_now
        drafts = []
        for case in due:
            customer = customers.get(case.contact_id)
            if case.draft_waiting != (customer is None):
                work.cases[case.work_order_id] = replace(case, draft_waiting=customer is None)
                work.changed.add(case.work_order_id)
            drafted = self._drafting.drafted_of(case, customer) if customer else None
            if drafted is not None:
                drafts.append(drafted)
        return drafts

    async def _write(self, tx: Transaction, work: _Work) -> None:
        store.insert_cases(tx, [work.cases[key] for key in sorted(work.fresh)])
        gone = await store.withdraw(tx.connection, reopened=work.reopened, ended=work.ended, closed=work.closed)
        await store.withdraw_surveys(tx.connection, reopened=work.reopened, ended=work.ended)
        written = await store.insert_callbacks(tx.connection, list(work.callbacks.values()))
        await store.update_cases(tx.connection, [work.cases[key] for key in sorted(work.changed - work.fresh)])
        for callback in gone:
            case = work.cases[callback.work_order_id]
            tx.emit(withdrawn(callback, case, tx.now), subject=callback.id, cause=case.traceparent)
        for callback_id in (key for key in work.callbacks if key in written):
            callback = work.callbacks[callback_id]
            case = work.cases[callback.work_order_id]
            tx.emit(told(callback, case), subject=callback_id, cause=work.causes[callback_id].message)

    async def _write_drafts(self, tx: Transaction, work: _Work, drafts: Sequence[store.Drafted]) -> None:
        causes: dict[str, Message[Any] | str] = {}
        for drafted in drafts:
            cause = work.causes[drafted.work_order_id]
            continues = isinstance(cause.data, WorkorderStep)
            causes[drafted.work_order_id] = (
                cause.message if continues else work.cases[drafted.work_order_id].traceparent
            )
        await learn(tx, self._policy, drafts, causes)
