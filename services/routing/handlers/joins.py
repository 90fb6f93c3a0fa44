"""Contacts that answer an earlier message: which work orders they join, and which of them open one of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.routing import store
from services.routing.domain.assessment import assess
from services.routing.domain.joining import BEYOND, SAME_THREAD, Earlier, Target, refers
from services.routing.domain.matter import Matter
from services.routing.domain.verdict import Verdict
from services.routing.domain.workorder import LIVE, WorkOrder
from shared.bus.transaction import Transaction
from shared.events import ContactRegistered
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Join:
    """A contact and the work order that it joins."""

    contact: ContactRegistered
    work_order_id: str


@dataclass(frozen=True, slots=True)
class Tie:
    """A work order that the one just opened is linked with, and why."""

    fresh_id: str
    other_id: str
    why: str


@dataclass(slots=True)
class Joins:
    """What the contacts of one batch answer: ask with `of`, tell it of each work order that is `opened`."""

    policy: Policy
    earlier: Earlier
    joins: list[Join] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    messages: list[tuple[ContactRegistered, str]] = field(default_factory=list)
    """Every contact with the work order that its message belongs to."""
    _here: dict[tuple[str, str], Target] = field(default_factory=dict)
    """Work orders that contacts of this batch opened or joined, by customer and the id of a message of theirs."""
    _tie: tuple[str, str] | None = None

    @classmethod
    async def of(cls, tx: Transaction, contacts: Sequence[ContactRegistered], policy: Policy) -> "Joins":
        """Return the joins of a batch; one query or two, and none where nothing refers to anything.

        Ask behind the lock of the day's numbers: whoever opened what is referred to has committed then.
        """
        referring = refers(contacts)
        known = await store.earlier(tx.connection, referring) if referring else Earlier({}, {}, {})
        return cls(policy, known)

    def takes(self, contact: ContactRegistered, matter: Matter, verdict: Verdict) -> bool:
        """Return whether `contact` joins a work order, and note it; else it opens one, and `opened` comes next.

        What is sensitive as its work order was not must not be read as one more message in it (R-RT-05).
        """
        self._tie = None
        target = self._in_batch(contact) or self.earlier.target(contact)
        if target is None:
            return False
        if target.status not in LIVE:
            self._tie = target.id, SAME_THREAD
        elif self._is_beyond(contact, matter, verdict, target):
            self._tie = target.id, BEYOND
        else:
            self.joins.append(Join(contact, target.id))
            self._note(contact, target)
        return self._tie is None

    def opened(self, contact: ContactRegistered, work_order: WorkOrder) -> None:
        """Note the work order that `contact` has opened."""
        self._note(contact, Target.of(work_order))
        if self._tie is not None:
            self.ties.append(Tie(work_order.id, *self._tie))

    def _in_batch(self, contact: ContactRegistered) -> Target | None:
        answers = contact.thread.answers if contact.thread is not None else ()
        return next((found for one in answers if (found := self._here.get((contact.customer_id, one)))), None)

    def _note(self, contact: ContactRegistered, target: Target) -> None:
        self.messages.append((contact, target.id))
        if contact.thread is not None and contact.thread.message_id:
            self._here[contact.customer_id, contact.thread.message_id] = target

    def _is_beyond(self, contact: ContactRegistered, matter: Matter, verdict: Verdict, target: Target) -> bool:
        if target.sensitive:
            return False
        found = assess(
            matter,
            category=target.category if verdict.triage else verdict.category,
            topic=None if verdict.triage else verdict.topic,
            emotion=contact.emotion,
            complaints_before=0,
            registered_at=contact.registered_at,
            policy=self.policy,
        )
        return found.sensitive
