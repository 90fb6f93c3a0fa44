"""Routing on real NATS and PostgreSQL: its own consumer, handlers, desk and loop, driven step by step by a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig
from pydantic_core import from_json, to_json
from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.routing import store
from services.routing.app import SERVICE
from shared.bus.commands import CommandDesk
from shared.bus.outbox import Outbox
from shared.bus.position import position_of
from shared.bus.publish import Publisher
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS
from shared.db import create_engine
from shared.events import (
    CallbackCompleted,
    Command,
    ContactRegistered,
    Event,
    Message,
    Personal,
    SlaEscalated,
    compose,
    decode_event,
    encode,
)
from shared.ids import new_id
from shared.policy import load_policy
from shared.provision import provision
from shared.service import Context, Parts
from shared.settings import Settings

E = TypeVar("E", bound=Event)

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday 2026-11-23 10:00 in Shanghai, an office day."""
POLICY = load_policy(None)


@dataclass
class SetClock:
    """A clock that stands where a test sets it."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def seconds_until(self, at: datetime) -> float:
        return max(0.0, (at - self.at).total_seconds())


@dataclass
class House:
    """One replica of routing and its surroundings."""

    engine: AsyncEngine
    client: Client
    clock: SetClock
    outbox: Outbox
    parts: Parts
    desk: CommandDesk
    read: int = field(default=0)

    async def publish(self, *messages: Message[Event]) -> None:
        for message in messages:
            await self.client.jetstream().publish(message.data.SUBJECT, encode(message), stream="EVENTS")

    async def consume(self, count: int) -> None:
        """Take exactly `count` messages from routing's own consumer through the runtime, as one batch."""
        subscription = await self.client.jetstream().pull_subscribe_bind("routing", "EVENTS")
        taken: list[Msg] = []
        while len(taken) < count:
            taken += await subscription.fetch(count - len(taken), timeout=5)
        await BatchRuntime(self.outbox, self.parts.on_events).process(taken)
        await subscription.unsubscribe()

    async def give(self, *events: Event) -> list[Message[Event]]:
        """Publish `events` and let routing take them as one batch."""
        messages = [message_of(event, self.clock.at) for event in events]
        await self.publish(*messages)
        await self.consume(len(messages))
        return messages

    async def command(self, model: type[Command], by: str, **content: Any) -> dict[str, Any]:
        """Return the reply to a fresh command."""
        return await self.ask(model, {"command_id": new_id(), "by": by, **content})

    async def ask(self, model: type[Command], body: Mapping[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = from_json(await self.desk.answer(model.SUBJECT, to_json(body)))
        return reply

    async def turn(self) -> datetime | None:
        """Turn the hand-over loop once."""
        return await self.parts.loops[0].turn()

    async def told(self, model: type[E]) -> list[E]:
        """Return every event of that type on the stream, in order, as anybody would read it."""
        return [m.data for m in await self.messages() if isinstance(m.data, model)]

    async def messages(self) -> list[Message[Event]]:
        info = await self.client.jetstream().stream_info("EVENTS")
        subscription = await self.client.jetstream().pull_subscribe(
            "", stream="EVENTS", config=ConsumerConfig(ack_policy=AckPolicy.NONE)
        )
        found: list[Message[Event]] = []
        left = info.state.messages
        while left:
            batch = await subscription.fetch(min(left, 500), timeout=5)
            left -= len(batch)
            found += [message for raw in batch if (message := decode_event(raw.data)) is not None]
        await subscription.unsubscribe()
        return found

    async def count(self, table: Table) -> int:
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table)) or 0

    async def row(self, query: str, **values: Any) -> Any:
        async with self.engine.connect() as connection:
            return (await connection.execute(text(query), values)).one()


@asynccontextmanager
async def routing_house(database_url: str, nats_url: str) -> AsyncIterator[House]:
    """Yield routing, provisioned and built by its own composition root; its tables and stream are empty again after."""
    settings = Settings(database_url=database_url)
    admin = create_engine(settings)
    engine = create_engine(settings, role="routing")
    client = await nats.connect(nats_url)
    try:
        await provision(admin, client, [SERVICE])
        yield await replica(engine, client, SetClock())
        async with engine.begin() as connection:
            for table in store.metadata.sorted_tables:
                await connection.execute(text(f"TRUNCATE {table.fullname}"))
        await client.jetstream().delete_stream("EVENTS")
    finally:
        await client.close()
        await engine.dispose()
        await admin.dispose()


async def replica(engine: AsyncEngine, client: Client, clock: SetClock) -> House:
    """Return one more replica on the same servers."""
    outbox = Outbox("routing", engine, store.runtime, clock, Publisher(client, EVENTS.name))
    context = Context(Settings(), POLICY, clock, engine, outbox, position_of(client, SERVICE.consumer))
    parts = await SERVICE.build(context)
    return House(engine, client, clock, outbox, parts, CommandDesk(outbox, parts.commands))


def message_of(event: Event, at: datetime) -> Message[Event]:
    return compose(event, source="yingda/test", subject="test", at=at, traceparent=None)


def contact(content: str = "我上周买的空调不制冷,要求换货", at: datetime = MONDAY, **changes: Any) -> ContactRegistered:
    """Return a registered contact of a customer of its own."""
    contact_id = new_id()
    given: dict[str, Any] = {
        "contact_id": contact_id,
        "channel": "web",
        "source_id": f"web/shop/{contact_id}",
        "customer_id": f"customer-{contact_id}",
        "occurred_at": at,
        "registered_at": at,
        "personal": Personal(name="王芳", phone="13800138000", text=content),
    }
    return ContactRegistered(**given | changes)


def callback(opened: Any, **changes: Any) -> CallbackCompleted:
    given: dict[str, Any] = {
        "callback_id": new_id(),
        "work_order_id": opened.work_order_id,
        "number": opened.number,
        "cycle": 1,
        "department": opened.department,
        "outcome": "reached",
        "solved": True,
        "score": 9,
        "satisfaction": "satisfied",
        "reopen": False,
        "second_contact": False,
        "by": "service-1",
        "at": MONDAY,
        "due_at": MONDAY,
    }
    return CallbackCompleted(**given | changes)


def escalation(opened: Any, step: str = "supervisor") -> SlaEscalated:
    return SlaEscalated(
        clock_id=new_id(),
        subject_type="workorder",
        subject_id=opened.work_order_id,
        metric="resolution",
        cycle=1,
        department=opened.department,
        due_at=MONDAY,
        at=MONDAY,
        used_seconds=1,
        step=step,
    )


def errors(replies: Sequence[Mapping[str, Any]]) -> list[int]:
    return [reply["error"]["status"] for reply in replies if not reply["ok"]]
