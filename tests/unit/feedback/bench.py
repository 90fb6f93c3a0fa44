"""The feedback service on real servers, driven by hand: batches of events go in, commands are asked, time is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic_core import from_json, to_json
from sqlalchemy import event as engine_events
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.feedback import store
from services.feedback.app import SERVICE
from services.feedback.store.tables import callbacks
from shared.bus.commands import CommandDesk
from shared.bus.outbox import Outbox
from shared.bus.position import position_of
from shared.bus.publish import Publisher
from shared.bus.runtime import BatchRuntime
from shared.db import create_engine
from shared.events import Event, Message, compose, decode_event, encode
from shared.policy import load_policy
from shared.provision import provision
from shared.service import Context, Parts
from shared.settings import Settings
from tests.unit.feedback.builders import MONDAY, TRACE


@dataclass
class HandClock:
    """A clock that shows what the test says."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def seconds_until(self, at: datetime) -> float:
        return max(0.0, (at - self.at).total_seconds())


@dataclass
class Bench:
    """The service with everything around it real but its clock."""

    engine: AsyncEngine
    client: Client
    outbox: Outbox
    parts: Parts
    clock: HandClock
    statements: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=count)

    async def tell(self, *events: Event) -> None:
        """Publish `events` and have the service take them as one batch from its durable consumer."""
        messages = [compose(e, source="yingda/test", subject="x", at=MONDAY, traceparent=TRACE) for e in events]
        for message in messages:
            await self.client.jetstream().publish(message.data.SUBJECT, encode(message), stream="EVENTS")
        await self.take(len(events))

    async def take(self, number: int) -> None:
        subscription = await self.client.jetstream().pull_subscribe_bind("feedback", "EVENTS")
        taken: list[Msg] = []
        while len(taken) < number:
            taken += await subscription.fetch(number - len(taken), timeout=5)
        self.statements.clear()
        await BatchRuntime(self.outbox, self.parts.on_events).process(taken)
        await subscription.unsubscribe()

    async def ask(self, subject: str, by: str = "service-1", **body: Any) -> dict[str, Any]:
        """Give a command and return the whole reply."""
        body = {"command_id": f"test-{next(self._ids)}", "by": by, **body}
        reply = await CommandDesk(self.outbox, self.parts.commands).answer(f"yingda.command.{subject}", to_json(body))
        answer: dict[str, Any] = from_json(reply)
        return answer

    async def done(self, subject: str, by: str = "service-1", **body: Any) -> dict[str, Any]:
        """Give a command that must succeed and return its result."""
        reply = await self.ask(subject, by, **body)
        assert reply["ok"], reply
        result: dict[str, Any] = reply["result"]
        return result

    async def refused(self, subject: str, by: str = "service-1", **body: Any) -> dict[str, Any]:
        """Give a command that must be refused, prove that nothing was written or emitted, and return the problem."""
        before = await self.contents()
        reply = await self.ask(subject, by, **body)
        assert not reply["ok"], reply
        assert await self.contents() == before
        error: dict[str, Any] = reply["error"]
        return error

    async def emitted(self, model: type[Event]) -> list[Any]:
        """Return the events of `model` that the service committed, in order."""
        return [message.data for message in await self.messages() if isinstance(message.data, model)]

    async def messages(self) -> list[Message[Event]]:
        outbox = store.runtime.outbox
        async with self.engine.connect() as connection:
            bodies = (await connection.execute(select(outbox.c.body).order_by(outbox.c.id))).scalars().all()
        return [message for body in bodies if (message := decode_event(body)) is not None]

    async def callback_of(self, work_order_id: str, kind: str = "callback", cycle: int = 1) -> str:
        """Return the id of a work order's callback."""
        query = select(callbacks.c.id).where(
            callbacks.c.work_order_id == work_order_id, callbacks.c.kind == kind, callbacks.c.cycle == cycle
        )
        async with self.engine.connect() as connection:
            return str((await connection.execute(query)).scalar_one())

    async def state_of(self, callback_id: str) -> str:
        async with self.engine.connect() as connection:
            return str(await connection.scalar(select(callbacks.c.state).where(callbacks.c.id == callback_id)))

    async def contents(self) -> dict[str, int]:
        """Return a digest of every table but the commands answered."""
        tables = [table for table in store.metadata.sorted_tables if table.name not in {"commands", "outbox"}]
        found = {}
        async with self.engine.connect() as connection:
            for table in [*tables, store.runtime.outbox]:
                columns = "message_id" if table.name == "outbox" else "t::text"
                query = text(f"SELECT coalesce(sum(hashtextextended({columns}, 0)), 0) FROM {table.fullname} AS t")
                found[table.name] = await connection.scalar(query)
        return found


@asynccontextmanager
async def bench(database_url: str, nats_url: str) -> AsyncIterator[Bench]:
    """Yield the service on a clean schema and empty streams."""
    settings = Settings(database_url=database_url, nats_url=nats_url)
    engine = create_engine(settings)
    client = await nats.connect(nats_url)
    try:
        await provision(engine, client, [SERVICE])
        clock = HandClock()
        outbox = Outbox("feedback", engine, store.runtime, clock, Publisher(client, "EVENTS"))
        position = position_of(client, SERVICE.consumer)
        parts = await SERVICE.build(Context(settings, load_policy(), clock, engine, outbox, position))
        ready = Bench(engine, client, outbox, parts, clock)
        engine_events.listen(engine.sync_engine, "before_cursor_execute", _listener(ready.statements))
        yield ready
        async with engine.begin() as connection:
            for table in store.metadata.sorted_tables:
                await connection.execute(text(f"TRUNCATE {table.fullname}"))
        await client.jetstream().purge_stream("EVENTS")
    finally:
        await client.close()
        await engine.dispose()


def _listener(statements: list[str]) -> Any:
    def heard(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    return heard
