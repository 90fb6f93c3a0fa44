"""Contacts that cannot be read: the world hears that one came, the operator finds its raw form (R-IN-08)."""

from collections.abc import Sequence

from services.intake.ports import Unreadable
from shared.bus.transaction import Delivery, Incoming, Rejected, Transaction
from shared.events import ContactRejected, Fault
from shared.events.storable import storable

LONGEST_TEXT = 500
FAULTS = 20


def channel_of(delivery: Delivery) -> str:
    """Return the channel that a contact came over: the last token of its subject."""
    return delivery.subject.rpartition(".")[2]


def reject(tx: Transaction, incoming: Incoming, unreadable: Unreadable) -> None:
    """Put `incoming` into the dead letters and tell that it was rejected."""
    tx.reject(incoming, unreadable.reason, unreadable.faults)
    event = _event(incoming.delivery, incoming.message.key, unreadable.reason, unreadable.faults)
    tx.emit(event, subject=event.source_id, cause=incoming.message)


async def on_rejected(tx: Transaction, rejected: Sequence[Rejected]) -> None:
    """Tell of messages whose envelope cannot be read or whose handling failed; the runtime gives each once."""
    for letter in rejected:
        source_id = letter.message_id or f"unknown/{letter.delivery.stream}/{letter.delivery.sequence}"
        event = _event(letter.delivery, source_id, letter.reason, letter.faults)
        tx.emit(event, subject=event.source_id)


def _event(delivery: Delivery, source_id: str, reason: str, faults: Sequence[Fault]) -> ContactRejected:
    return ContactRejected(
        channel=channel_of(delivery),
        source_id=storable(source_id),
        reason=storable(reason)[:LONGEST_TEXT],
        errors=tuple(
            {name: storable(text)[:LONGEST_TEXT] for name, text in fault.to_json().items()} for fault in faults[:FAULTS]
        ),
    )
