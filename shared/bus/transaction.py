"""What a handler gets: one database transaction, the present moment, and a way to emit events with it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from nats.aio.msg import Msg
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.publish import Outgoing
from shared.bus.wire import stored_at
from shared.db import Row, insert_together
from shared.db.together import Part
from shared.events import Event, Fault, Message, compose, encode


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message came from: stream, sequence, subject and its raw body."""

    stream: str
    sequence: int
    subject: str
    body: bytes
    stored: str = ""
    """When the stream took it, in nanoseconds since 1970, as the server writes it; empty where that was not asked."""

    @classmethod
    def of(cls, message: Msg) -> Self:
        """Return where `message` came from, as its reply subject tells."""
        stream, _, _, sequence, _, stored, *_ = stored_at(message.reply)
        return cls(stream, int(sequence), message.subject, message.data, stored)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One fresh message with its envelope decoded, as a handler receives it."""

    message: Message[Any]
    delivery: Delivery

    @property
    def data(self) -> Any:
        """The event, or for a contact the raw `data` object."""
        return self.message.data


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message for the dead letters: why, what is wrong in it, and who it said it was from."""

    delivery: Delivery
    reason: str
    faults: tuple[Fault, ...] = ()
    message_id: str | None = None


@dataclass(slots=True)
class Transaction:
    """One unit of work. What is emitted is published if and only if the transaction commits."""

    connection: AsyncConnection
    now: datetime
    source: str
    emitted: list[Message[Event]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    committed: list[Callable[[], None]] = field(default_factory=list)
    """Called in order right after the commit, before anything is published; never where the transaction is undone."""
    since: int = field(default_factory=time.time_ns)
    """When what is done here began, in nanoseconds since 1970: a batch with its arrival."""
    batch: Sequence[Incoming] = ()
    """The messages that have their effect here."""
    asked: str | None = None
    """The trace of who gave the command that is carried out here, if they have one."""
    _unwritten: list[Part] = field(default_factory=list)

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert `rows` when all else is done, in one statement with whatever is to be written then.

        For rows that nothing reads in this transaction; not within a savepoint. Else `insert_rows`.
        """
        if rows:
            self._unwritten.append((table, rows))

    async def write(self, *last: Part, returning: str = "") -> Sequence[Row]:
        """Write what `insert` was given until now and after it `last`; return its column `returning`."""
        parts, self._unwritten = [*self._unwritten, *last], []
        return await insert_together(self.connection, parts, returning=returning)

    def emit(self, event: Event, *, subject: str, cause: Message[Any] | str | None = None) -> Message[Event]:
        """Send `event` about the entity `subject` after the commit; it continues the trace of `cause`."""
        trace = cause.trace if isinstance(cause, Message) else cause
        message = compose(event, source=self.source, subject=subject, at=self.now, traceparent=trace)
        self.emitted.append(message)
        return message

    def together(self) -> None:
        """Put what is emitted about one entity side by side, in its order, so that readers hear of it in one batch."""
        first: dict[str, int] = {}
        for place, message in enumerate(self.emitted):
            first.setdefault(message.subject, place)
        self.emitted.sort(key=lambda message: first[message.subject])

    def reject(self, incoming: Incoming, reason: str, faults: Sequence[Fault] = ()) -> None:
        """Put `incoming` into the dead letters, where an operator sees it and can replay it (R-IN-08)."""
        self.rejected.append(Rejected(incoming.delivery, reason, tuple(faults), incoming.message.key))

    def outgoing(self) -> list[Outgoing]:
        """Return what was emitted in the form that goes over the wire."""
        return [Outgoing(m.key, m.data.SUBJECT, encode(m), m.trace) for m in self.emitted]
