"""What of a committed transaction becomes spans: one for each event that it sent, one for each contact that began a trace.

Nothing of a customer is in it: ids, numbers and words of closed sets.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.bus.transaction import Incoming, Transaction
from shared.events import Event, Message
from shared.events.trace import first_trace, is_sampled

_FIELDS = (
    *("number", "work_order_id", "subject_id", "channel", "category", "grade", "department", "status", "version"),
    *("cycle", "metric", "percent", "purpose", "transport", "outcome", "report"),
)
"""Fields of events that name the thing or are words of a closed set; no texts, no names, no reasons.

Each costs the export some 3 µs of processor time, so there are not many of them.
"""
_ANOTHER_CLOCK = 60_000_000_000
"""Nanoseconds by which an event's own time is away from the machine's where the suite goes by the clock of a rehearsal."""


@dataclass(frozen=True, slots=True)
class Step:
    """One span to be: its place in the trace, what caused it, and from when to when, in nanoseconds since 1970."""

    name: str
    trace: str
    parent: str
    link: str | None
    start: int
    end: int
    attributes: Mapping[str, str | int]


def steps_of(tx: Transaction) -> Iterator[Step]:
    """Yield the steps of `tx`, which was committed just now; those that nobody wants recorded are not among them."""
    end, batch = time.time_ns(), len(tx.batch)
    for item in tx.batch:
        if not isinstance(item.data, Event) and is_sampled(item.message.trace) and _began_here(item.message):
            yield _arrival(item, tx.since)
    for message in tx.emitted:
        if is_sampled(message.trace):
            attributes = _attributes(message, message.data.SUBJECT, batch)
            if message.time is not None and abs(message.time.timestamp() * 1e9 - end) > _ANOTHER_CLOCK:
                attributes["yingda.time"] = message.time.isoformat()
            for name in _fields(type(message.data)):
                value = getattr(message.data, name)
                if value is not None:
                    attributes[f"yingda.{name}"] = value
            name = message.data.SUBJECT.removeprefix("yingda.event.")
            yield Step(name, message.trace, message.parent, tx.asked, tx.since, end, attributes)


def _arrival(item: Incoming, taken: int) -> Step:
    """Return the first step of a trace that no adapter began: the contact waited on its stream until it was `taken`."""
    stored = int(item.delivery.stored or taken)
    subject = item.delivery.subject
    attributes = _attributes(item.message, subject, 1) | {"yingda.channel": subject.rpartition(".")[2]}
    return Step("contact.received", item.message.trace, "", None, min(stored, taken), taken, attributes)


def _attributes(message: Message[Any], subject: str, batch: int) -> dict[str, str | int]:
    """Return what OpenTelemetry's conventions for messaging ask for."""
    return {
        "messaging.system": "nats",
        "messaging.destination.name": subject,
        "messaging.message.id": message.key,
        "messaging.batch.message_count": batch,
    }


def _began_here(contact: Message[Any]) -> bool:
    return contact.trace_id == first_trace(contact.key)[3:35]


@cache
def _fields(model: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in _FIELDS if name in model.model_fields)
