"""What a service is to the rest of the suite, and the process that runs one (`yingda run SERVICE`).

Services are plugins: they are found by the entry point group `yingda.services`, so nothing here imports one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp

from shared.bus.ask import Ask
from shared.bus.commands import CommandHandler
from shared.bus.erase import Erase
from shared.bus.outbox import Outbox
from shared.bus.position import Position
from shared.bus.read import Read
from shared.bus.runtime import BatchHandler, Concerns, RejectHandler
from shared.bus.streams import Consumer, Stream, subjects_of
from shared.bus.tables import RuntimeTables
from shared.clock import Clock
from shared.events import Command, Event
from shared.policy import Policy
from shared.retention import Expiry, Forget
from shared.settings import Settings

SERVICE_GROUP = "yingda.services"


class UnknownServiceError(Exception):
    """No installed package offers this service."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a composition root builds its service from."""

    settings: Settings
    policy: Policy
    clock: Clock
    engine: AsyncEngine
    outbox: Outbox
    position: Callable[[], Awaitable[Position]]
    """Asks the server how far the service's consumer has come on its stream."""
    erase: Erase
    """Takes a message off the service's stream for good, by its sequence."""
    ask: Ask
    """Asks another service a question, over its command."""
    read: Read
    """Reads what the service's stream holds."""


@dataclass(slots=True)
class Loop:
    """A task of a service that turns by time: `turn` does what is due and returns when it wants to turn next.

    Returning None sleeps until `wake` is set (or the loop's longest sleep has passed); a moment in the past turns again
    at once. What `turn` raises is logged and repeated after a pause; it never ends the service.
    """

    name: str
    turn: Callable[[], Awaitable[datetime | None]]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    longest_sleep_seconds: float = 30.0
    patience_seconds: float = 0.0
    """How long a turn may take before the loop counts as standing still (`shared.heartbeat`)."""
    oldest: Callable[[], Awaitable[datetime | None]] | None = None
    """Returns the moment from which the oldest thing that the loop has to do has waited; None where nothing waits.

    A moment that has passed and stays the same is work without progress, however well the loop turns.
    """


@dataclass(frozen=True, slots=True)
class Web:
    """What a service serves over HTTP to the world outside: an ASGI application and where it listens.

    Port 0 is any free one. The runner serves it in the service's own event loop; it stops first, so that requests in
    hand still find everything they need.
    """

    app: ASGIApp
    host: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a composition root returns: the handlers, commands and loops of one running service."""

    on_events: BatchHandler
    on_rejected: RejectHandler | None = None
    concerns: Concerns | None = None
    """Tells which of the events consumed can mean something to the service; None where all can."""
    commands: Mapping[type[Command], CommandHandler] = field(default_factory=dict)
    loops: Sequence[Loop] = ()
    gauges: Callable[[], Awaitable[None]] | None = None
    """Refreshes the gauges that are read from the database; called every few seconds."""
    stop: Callable[[], Awaitable[None]] | None = None
    expiries: Sequence[Expiry] = ()
    """What of the service's own tables is removed when its time is over."""
    forget: Forget | None = None
    """Removes what the service keeps of work orders and contacts whose records have expired."""
    web: Web | None = None
    hasty: Callable[[bytes], bool] | None = None
    """Tells from a raw body whether the message cannot wait in a long queue: it is then taken out of its turn."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service as the suite knows it: its name, its tables, what it consumes, and how it is built.

    `consumes` is empty for a service that reads raw contacts from its stream. `accepts` raises, in one sentence, why the
    service could not work by a policy: a plugin that is not installed, a text that is missing. It opens nothing. What
    follows is what the service says and hears besides: NATS lets it do that and nothing else (`shared.permissions`).
    """

    name: str
    metadata: MetaData
    tables: RuntimeTables
    stream: Stream
    consumes: tuple[type[Event], ...]
    build: Callable[[Context], Awaitable[Parts]]
    accepts: Callable[[Policy, Settings], None] | None = None
    migrations: tuple[Path, ...] = ()
    """The directories of the revisions that make its tables, the one for new ones first (ADR 0026)."""
    tells: tuple[str, ...] = ()
    """The entities whose events it emits."""
    answers: tuple[str, ...] = ()
    """The commands it answers, without `yingda.command.`; `*` for all of an entity."""
    asks: tuple[str, ...] = ()
    """The commands it sends to others, in the same way."""
    looks_back: bool = False
    """Whether it reads what its stream holds, beside its consumer, and erases from it."""
    paced_by: Stream | None = None
    """The stream whose consumers must be able to follow: while one is far behind, a long queue is taken in more slowly."""
    gather_seconds: float = 0.0
    """From one batch to the next at least, in steady traffic; what comes after a rest is taken at once (ADR 0034)."""

    @property
    def consumer(self) -> Consumer:
        """The service's durable consumer."""
        return Consumer(self.name, self.stream, subjects_of(self.consumes) or self.stream.subjects)


def installed_services() -> dict[str, Service]:
    """Return every installed service by its name."""
    found = {point.name: point.load() for point in entry_points(group=SERVICE_GROUP)}
    return dict(sorted(found.items()))


def service_names() -> tuple[str, ...]:
    """Return the names of the installed services, without importing any."""
    return tuple(sorted({point.name for point in entry_points(group=SERVICE_GROUP)}))


def find_service(name: str) -> Service:
    """Return the service `name`; `UnknownServiceError` names those that exist."""
    points = entry_points(group=SERVICE_GROUP, name=name)
    for point in points:
        service: Service = point.load()
        return service
    known = ", ".join(sorted(point.name for point in entry_points(group=SERVICE_GROUP)))
    raise UnknownServiceError(f'there is no service "{name}"; installed are {known}')
