"""What is due the moment it is told leaves at once, without a way through the queue.

It is decided as if it had been queued and claimed, by the same code, in the transaction of its event: so it is written
once, as in hand, before anything is sent (R-NT-04). The sending begins after the commit. Where older notifications wait
or a transport is busy, it queues up behind them: the order of the queue holds (R-NT-05).
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Protocol

from services.notify.domain.facts import Contact, WorkOrder
from services.notify.handlers.claim import Claimer, Decided
from services.notify.handlers.compose import Composed
from services.notify.handlers.record import Recorder
from services.notify.store import queue
from services.notify.store.presence import Presence
from services.notify.store.queue import Queued
from shared.bus.transaction import Transaction

Row = Mapping[str, Any]

_BLANK: Final[Row] = {
    "channel": None,
    "transport": None,
    "to_masked": None,
    "reason": None,
    "settled_at": None,
    "claimed_by": None,
    "lease_until": None,
}
"""The columns that a notification has beside those of a notice."""
_TOLD: Final = frozenset(field.name for field in fields(Queued))


class Lanes(Protocol):
    """Who sends."""

    @property
    def free(self) -> bool:
        """Whether more could be sent this moment."""

    def start(self, ready: Sequence[Composed]) -> None:
        """Send messages that are in hand."""

    def expect(self, at: datetime) -> None:
        """Look into the queue at that moment."""

    def look_for_facts(self) -> None:
        """Look soon for what something waits for."""


class AtOnce:
    """Takes new notices past the queue where nothing waits in it."""

    def __init__(self, claimer: Claimer, recorder: Recorder, presence: Presence, lanes: Lanes) -> None:
        self._claimer = claimer
        self._recorder = recorder
        self._presence = presence
        self._lanes = lanes

    async def look(self, tx: Transaction, rows: Mapping[str, Row]) -> queue.Outlook | None:
        """Return how the queue stands where `rows` need not go through it; None where they have to queue up."""
        due = any(row["next_attempt_at"] <= tx.now for row in rows.values())
        if not due or not (self._presence.held and self._lanes.free):
            return None
        outlook = await queue.outlook(tx.connection, rows)
        return outlook if outlook.following is None or outlook.following > tx.now else None

    async def take(
        self,
        tx: Transaction,
        outlook: queue.Outlook,
        rows: Mapping[str, Row],
        orders: Mapping[str, WorkOrder],
        contacts: Mapping[str, Contact],
    ) -> None:
        """Write `rows` and begin to send what is due of them.

        `orders` are the work orders that they are about, as the events leave them; `contacts` are the contacts of those.
        """
        there = outlook.there
        due = [row for row in rows.values() if row["next_attempt_at"] <= tx.now and row["notification_id"] not in there]
        found = [_queued(row, orders, contacts) for row in sorted(due, key=_urgency)]
        decided = await self._claimer.decide(tx, found)
        hand = {"state": "sending", "claimed_by": self._presence.id, "lease_until": outlook.lease_until}
        mine = decided.in_hand
        new = [
            {**row, **_BLANK, **decided.columns.get(key, {}), **(hand if key in mine else {})}
            for key, row in sorted(rows.items())
            if key not in there
        ]
        self._told(tx, decided, await queue.insert(tx.connection, new))
        self._expect([row["next_attempt_at"] for row in new if row["state"] == "queued"])

    def _told(self, tx: Transaction, decided: Decided, written: set[str]) -> None:
        """Send after the commit what is in our hands now; what another transaction wrote meanwhile is its own."""
        nobody = [(one, reason) for one, reason in decided.nobody if one.notification_id in written]
        self._recorder.tell_suppressed(tx, nobody)
        ready = [m for m in decided.ready if all(part.queued.notification_id in written for part in m.parts)]
        tx.committed.append(lambda: self._lanes.start(ready))
        if decided.waits:
            tx.committed.append(self._lanes.look_for_facts)

    def _expect(self, moments: Sequence[datetime]) -> None:
        if moments:
            self._lanes.expect(min(moments))


def _queued(row: Row, orders: Mapping[str, WorkOrder], contacts: Mapping[str, Contact]) -> Queued:
    """Return the notice of `row` as the queue would."""
    order = orders.get(row["work_order_id"])
    contact = contacts.get(order.contact_id) if order is not None else None
    told = {name: value for name, value in row.items() if name in _TOLD}
    ready = contact if contact is not None and contact.ready else None
    return Queued(**told, channel=None, transport=None, to_masked=None, receipt=None, work_order=order, contact=ready)


def _urgency(row: Row) -> int:
    urgency: int = row["urgency"]
    return urgency
