"""Notify on real NATS and PostgreSQL: its consumer, handler and sender, driven by a test; any number of replicas."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic_core import from_json, to_json
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.app import SERVICE
from services.notify.handlers import Desk, EventHandler, Sender
from services.notify.handlers.compose import Composer
from services.notify.handlers.texts import Texts
from services.notify.handlers.transports import Transports
from services.notify.plugins.file import FileTransport
from services.notify.ports import Outbound, Outcome, Sent, Transport, TransportSetup
from services.notify.store import metadata, notifications, runtime
from services.notify.store.presence import Presence
from shared.bus.commands import CommandDesk
from shared.bus.outbox import Outbox
from shared.bus.publish import Publisher
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS
from shared.db import create_engine
from shared.events import Event, Message, NotificationStep, compose, decode_event, encode
from shared.events.commands import Command, ListNotifications, RetryNotification
from shared.policy import Policy, load_policy
from shared.provision import provision
from shared.settings import Settings
from tests.unit.notify.events import NOW


@dataclass
class SetClock:
    """A clock that stands where a test sets it."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def seconds_until(self, at: datetime) -> float:
        return max(0.0, (at - self.at).total_seconds())


@dataclass
class Provider:
    """A provider that cannot be asked what it took; answers as it is told, by turns, `Sent` at the end."""

    name: str = "file"
    channel: str = "sms"
    resend_when_unknown: bool = False
    answers: list[Outcome] = field(default_factory=list)
    taken: list[Outbound] = field(default_factory=list)
    known: set[str] | None = None
    crash: BaseException | None = None

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        self.taken += messages
        if self.crash is not None:
            raise self.crash
        return [self.answers.pop(0) if self.answers else Sent() for _ in messages]

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        return None if self.known is None else self.known & set(ids)

    async def close(self) -> None:
        self.taken.clear()


@dataclass
class Replica:
    """One notify process."""

    handler: EventHandler
    sender: Sender
    desk: CommandDesk
    presence: Presence

    async def work(self, turns: int = 1) -> None:
        """Turn the sender's loop, and wait for what it began."""
        for _ in range(turns):
            await self.sender.turn()
            await self.sender.idle()


@dataclass
class House:
    """The service's surroundings, and what became of its messages."""

    engine: AsyncEngine
    client: Client
    clock: SetClock
    folder: Path
    policy: Policy = field(default_factory=load_policy)
    outboxes: list[Outbox] = field(default_factory=list)

    def outbox(self) -> Outbox:
        return Outbox("notify", self.engine, runtime, self.clock, Publisher(self.client, "EVENTS"))

    def file(self, channel: str) -> FileTransport:
        return FileTransport(TransportSetup(channel, self.folder, Settings(), self.clock.now, 10.0))

    def replica(self, *transports: Transport) -> Replica:
        """Return a process with `transports` in place of `file` for their channels."""
        built: dict[tuple[str, str], Transport] = {("file", c): self.file(c) for c in ("sms", "email")}
        built |= {(one.name, one.channel): one for one in transports}
        outbox, presence = self.outbox(), Presence(self.engine)
        composer = Composer(self.policy, Texts())
        sender = Sender(outbox, self.clock, composer, Transports(built), presence)
        operators = Desk(self.policy, sender.nudge)
        desk = CommandDesk(outbox, {ListNotifications: operators.list, RetryNotification: operators.retry})
        return Replica(EventHandler(self.policy, sender.nudge), sender, desk, presence)

    async def tell(self, replica: Replica, *events: Event, ids: Sequence[str] = ()) -> list[Message[Event]]:
        """Publish `events` and have the replica consume them; `ids` of earlier ones repeat them word for word."""
        messages = [compose(event, source="yingda/test", subject="s", at=NOW, traceparent=None) for event in events]
        await self.deliver(replica, messages)
        return messages

    async def deliver(self, replica: Replica, messages: Sequence[Message[Event]]) -> None:
        jetstream = self.client.jetstream()
        subscription = await jetstream.pull_subscribe_bind("notify", "EVENTS")
        for message in messages:
            await jetstream.publish(message.data.SUBJECT, encode(message), stream="EVENTS")
        taken: list[Msg] = []
        while len(taken) < len(messages):
            taken += await subscription.fetch(len(messages) - len(taken), timeout=5)
        await BatchRuntime(self.outbox(), replica.handler.on_events).process(taken)
        await subscription.unsubscribe()

    async def ask(self, replica: Replica, command: Command) -> Mapping[str, Any]:
        reply: Mapping[str, Any] = from_json(await replica.desk.answer(command.SUBJECT, to_json(command)))
        return reply

    async def rows(self) -> list[Any]:
        async with self.engine.connect() as connection:
            return list(await connection.execute(select(notifications).order_by(notifications.c.purpose)))

    async def states(self) -> dict[str, str]:
        """Return the state by purpose and recipient."""
        return {f"{row.purpose}:{row.recipient}": row.state for row in await self.rows()}

    async def emitted(self) -> list[NotificationStep]:
        async with self.engine.connect() as connection:
            bodies = await connection.scalars(select(runtime.outbox.c.body).order_by(runtime.outbox.c.id))
            messages = [decode_event(body) for body in bodies]
        return [m.data for m in messages if m is not None and isinstance(m.data, NotificationStep)]

    async def dead_letters(self) -> int:
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(runtime.dead_letters)) or 0

    def lines(self, channel: str) -> list[dict[str, Any]]:
        path = self.folder / "messages" / f"{channel}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    async def end_leases(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(
                update(notifications)
                .where(notifications.c.state == "sending")
                .values(lease_until=func.clock_timestamp() - timedelta(seconds=1))
            )


@asynccontextmanager
async def notify_house(database_url: str, nats_url: str, folder: Path) -> AsyncIterator[House]:
    engine = create_engine(Settings(database_url=database_url, database_pool=10))
    client = await nats.connect(nats_url)
    try:
        await provision(engine, client, [SERVICE])
        yield House(engine, client, SetClock(), folder)
        async with engine.begin() as connection:
            for table in metadata.sorted_tables:
                await connection.execute(text(f"TRUNCATE {table.fullname}"))
        await client.jetstream().purge_stream(EVENTS.name)
    finally:
        await client.close()
        await engine.dispose()
