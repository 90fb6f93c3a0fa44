"""Registered contacts become work orders: one for each, numbered without gaps (R-RT-01 to R-RT-05)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.routing import store
from services.routing.domain.calls import after_call
from services.routing.domain.complaints import RecentComplaints
from services.routing.domain.concerned import concerned
from services.routing.domain.identity import KINDS, Fingerprints, Known
from services.routing.domain.matter import Matter
from services.routing.domain.numbers import day_of, number
from services.routing.domain.opening import matter_of, open_work_order, opened
from services.routing.domain.verdict import Verdict, judge
from services.routing.domain.workorder import Decided, WorkOrder
from services.routing.handlers.distribution import emit_steps
from services.routing.handlers.joins import Join, Joins, Tie
from services.routing.ports import Classifier
from shared.bus.transaction import Incoming, Transaction
from shared.events import ContactRegistered, WorkorderOpened, WorkorderStep
from shared.ids import new_id
from shared.policy import Policy
from shared.values import replace

_READ_AT_ONCE: Final = 8
"""Texts; a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A work order just opened, not yet written, with the events of its life so far."""

    work_order: WorkOrder
    matter: Matter
    events: tuple[WorkorderOpened | WorkorderStep, ...]

    def after(self, decided: Decided | None) -> "Fresh":
        """Return the work order after one more step, if any."""
        return self if decided is None else Fresh(decided.work_order, self.matter, (*self.events, *decided.events))

    def with_matter(self, matter: Matter) -> "Fresh":
        """Return it with what the customer says by now."""
        return Fresh(self.work_order, matter, self.events)


@dataclass(frozen=True, slots=True)
class _Read:
    """A contact that has been read: what it says and where it belongs."""

    incoming: Incoming
    contact: ContactRegistered
    matter: Matter
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of the contacts of a batch: the work orders just opened, what joins others, what is tied to others."""

    fresh: Sequence[Fresh] = ()
    joins: Sequence[Join] = ()
    ties: Sequence[Tie] = ()
    beside: store.Beside = store.Beside()  # noqa: RUF009 (frozen, and nothing in it)
    """What was stored beside these contacts before."""
    learned: Sequence[tuple[str, tuple[Known, ...]]] = ()
    """What is known now of customers, by id."""


class Opener:
    """Opens the work orders of a batch of contacts."""

    def __init__(self, policy: Policy, classifier: Classifier, fingerprints: Fingerprints) -> None:
        self._policy = policy
        self._fingerprints = fingerprints
        self._classifier = classifier
        self._complaints = [name for name, entry in policy.categories.items() if entry.complaint]
        self._window = policy.routing.sensitive.repeated_complaint.timedelta
        self._link_window = policy.intake.link_window.timedelta

    async def open(self, tx: Transaction, batch: Sequence[Incoming]) -> "Opened":
        """Open a work order for each contact of `batch` that has none yet and joins none, and return them for `write`.

        The texts are read first: from the moment the day's numbers are locked, other replicas wait.
        """
        read: list[_Read] = []
        for incoming in batch:
            if len(read) % _READ_AT_ONCE == 0:
                await asyncio.sleep(0)  # reading is arithmetic; commands are answered in between
            read.append(self._read(incoming))
        day = day_of(tx.now, self._policy.timezone)
        first = last = await store.take_numbers(tx.connection, day, len(read))
        contacts = [item.contact for item in read]
        beside = await self._beside(tx, contacts)
        known = set(beside.known)
        recent = RecentComplaints(self._window)
        recent.add(beside.complaints)
        joins = await Joins.of(tx, contacts, self._policy)
        fresh: list[Fresh] = []
        learned: list[tuple[str, tuple[Known, ...]]] = []
        for item in read:
            if item.contact.contact_id in known:
                continue
            known.add(item.contact.contact_id)
            if joins.takes(item.contact, item.matter, item.verdict):
                learned.append(self._learned(item))
                continue
            last += 1
            work_order = self._open(item, number(day, last), recent, tx.now)
            if work_order.category in self._complaints and work_order.queue == "department":
                recent.add([(work_order.customer_id, work_order.occurred_at)])
            event = opened(work_order, concerned(work_order, item.matter, self._policy))
            message = tx.emit(event, subject=work_order.id, cause=item.incoming.message)
            work_order = replace(work_order, traceparent=message.trace)  # what becomes of it follows from its opening
            declined = after_call(work_order, item.contact, self._policy)
            if declined is not None:
                emit_steps(tx, declined)
            fresh.append(Fresh(work_order, item.matter, (event,)).after(declined))
            joins.opened(item.contact, work_order)
            learned.append(self._learned(item))
        if last - first < len(read):
            await store.give_back_numbers(tx.connection, day, last)
        await store.remember_messages(tx.connection, joins.messages)
        return Opened(fresh, joins.joins, joins.ties, beside, learned)

    def write(self, tx: Transaction, fresh: Sequence[Fresh]) -> None:
        """Have the work orders written that `open` returned, as they are after the first steps of their lives."""
        events = [event for one in fresh for event in one.events]
        store.insert(tx, [(one.work_order, one.matter) for one in fresh], events)

    def _read(self, incoming: Incoming) -> _Read:
        contact: ContactRegistered = incoming.data
        matter = matter_of(contact)
        verdict = judge(
            contact.category, contact.topic, matter, self._classifier, self._policy, agent_id=contact.agent_id
        )
        return _Read(incoming, contact, matter, verdict)

    def _learned(self, item: _Read) -> tuple[str, tuple[Known, ...]]:
        """Return the customer, and what the contact lets us know of them (R-IN-05)."""
        by_staff = KINDS if item.contact.agent_id in self._policy.staff_directory else ()
        customer = item.contact.customer_id
        return customer, self._fingerprints.known(customer, item.matter, by_staff=by_staff)

    async def _beside(self, tx: Transaction, contacts: Sequence[ContactRegistered]) -> store.Beside:
        return await store.beside(
            tx.connection,
            contacts,
            complaints=self._complaints,
            complained_within=self._window,
            open_within=self._link_window,
        )

    def _open(self, item: _Read, given: str, recent: RecentComplaints, now: datetime) -> WorkOrder:
        return open_work_order(
            item.contact,
            item.matter,
            item.verdict,
            self._policy,
            now,
            work_order_id=new_id(),
            number=given,
            traceparent=item.incoming.message.trace,
            complaints_before=recent.before(item.contact.customer_id, item.contact.occurred_at),
        )
