"""Routing's decisions for a simulation: the same pure functions, with the work orders in memory instead of a table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.routing.domain.automatic import after_callback
from services.routing.domain.gate import unverified
from services.routing.domain.lifecycle import decide
from services.routing.domain.matter import Matter
from services.routing.domain.numbers import day_of, number
from services.routing.domain.opening import matter_of, open_work_order, opened
from services.routing.domain.verdict import Verdict, judge
from services.routing.domain.workorder import Decided, WorkOrder
from shared.events import (
    CallbackCompleted,
    ContactRegistered,
    WorkorderOpened,
    WorkorderStep,
    WorkorderSupplemented,
    WorkorderVerified,
)
from shared.events.commands import WorkorderCommand
from shared.policy import Policy
from shared.values import replace


class RefusedError(Exception):
    """The lifecycle refused a step of the simulation."""


class SimulatedDesk:
    """Opens and moves work orders in memory; reads every distinct contact once."""

    def __init__(self, policy: Policy, classifier: Any) -> None:
        self._policy = policy
        self._classifier = classifier
        self._work_orders: dict[str, WorkOrder] = {}
        self._matters: dict[str, Matter] = {}
        self._verdicts: dict[tuple[Any, ...], Verdict] = {}
        self._like: dict[tuple[Any, ...], WorkOrder] = {}

    def open(self, contact: ContactRegistered, count: int) -> WorkorderOpened:
        """Open the work order of `contact` at the time it was registered (R-RT-01 to R-RT-05)."""
        matter = matter_of(contact)
        work_order = self._opened(contact, matter, number(day_of(contact.registered_at, self._policy.timezone), count))
        self._work_orders[work_order.id], self._matters[work_order.id] = work_order, matter
        return opened(work_order)

    def _opened(self, contact: ContactRegistered, matter: Matter, given: str) -> WorkOrder:
        """Return a new work order; one for the same words is the same but for its person and times, if none waits."""
        key = (contact.category, contact.topic, contact.emotion, *_words(matter))
        like = self._like.get(key)
        if like is not None and like.cutoff_at is None and not self._policy.category(like.category).cutoff:
            return replace(
                like,
                id=contact.contact_id,
                number=given,
                contact_id=contact.contact_id,
                source_id=contact.source_id,
                customer_id=contact.customer_id,
                occurred_at=contact.occurred_at,
                registered_at=contact.registered_at,
                opened_at=contact.registered_at,
                conversation_ended_at=None,
            )
        self._like[key] = work_order = open_work_order(
            contact,
            matter,
            self._judged(contact, matter),
            self._policy,
            contact.registered_at,
            work_order_id=contact.contact_id,
            number=given,
            traceparent="",
            complaints_before=0,
        )
        return work_order

    def ask(self, command: WorkorderCommand, now: datetime) -> Sequence[WorkorderStep]:
        """Do what `command` asks; `RefusedError` where the lifecycle refuses it (R-RT-06)."""
        key = command.work_order_id
        decision = decide(self._work_orders[key], command, self._policy, now, self._matters[key])
        if not isinstance(decision, Decided):
            raise RefusedError(decision.detail)
        self._work_orders[key] = decision.work_order
        return decision.events

    def verify(self, work_order_id: str, by: str, now: datetime) -> Sequence[WorkorderStep]:
        """Verify the customer where the work order needs it (R-IN-05): everybody in a simulation is who they say."""
        before = self._work_orders[work_order_id]
        if unverified(before) is None:
            return ()
        after = self._work_orders[work_order_id] = before.next(verified=True)
        return (WorkorderVerified(**after.told(by, now), identifier="phone"),)

    def complete(self, work_order_id: str, by: str, now: datetime) -> Sequence[WorkorderStep]:
        """Add what the register lacks, as the agent does who asks the customer (R-IN-07)."""
        before = self._work_orders[work_order_id]
        if not before.missing_fields:
            return ()
        after = self._work_orders[work_order_id] = before.next(missing_fields=())
        return (WorkorderSupplemented(**after.told(by, now), fields=before.missing_fields, missing_fields=()),)

    def hear(self, event: CallbackCompleted) -> Sequence[WorkorderStep]:
        """Close or reopen the work order (R-FB-03)."""
        decision = after_callback(self._work_orders[event.work_order_id], event)
        if not isinstance(decision, Decided):
            return ()
        self._work_orders[event.work_order_id] = decision.work_order
        return decision.events

    def forget(self, work_order_id: str) -> None:
        """Drop a work order whose life is over."""
        self._work_orders.pop(work_order_id, None)
        self._matters.pop(work_order_id, None)

    def _judged(self, contact: ContactRegistered, matter: Matter) -> Verdict:
        key = (contact.category, contact.topic, *_words(matter))
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = judge(
                contact.category, contact.topic, matter, self._classifier, self._policy, agent_id=contact.agent_id
            )
        return verdict


def _words(matter: Matter) -> tuple[Any, ...]:
    """Return all that a classifier can see of a contact."""
    return (matter.text, matter.channel, matter.company, matter.tier, tuple(sorted(matter.details.items())))
