"""The feedback service on its bench, with the words that its tests use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text

from services.feedback import store
from services.feedback.app import SERVICE
from services.feedback.store.tables import callbacks
from shared.events import CallbackCompleted, Event, Message
from shared.policy import Policy
from shared.settings import Settings
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from tests.statements import statements
from tests.unit.feedback.builders import TRACE


@dataclass
class Bench:
    """Feedback with everything around it real but its clock."""

    service: ServiceBench
    statements: list[str] = field(default_factory=list)
    """What the service asked PostgreSQL for the last batch."""
    heard_itself: int = 0

    async def tell(self, *events: Event) -> None:
        """Publish `events` and have the service take them as one batch from its durable consumer."""
        await self.service.publish(*events, traceparent=TRACE)
        await self.take(len(events))

    async def take(self, number: int) -> None:
        """Take `number` messages as one batch, with what the service has said to itself before them."""
        own = len([message for message in await self.messages() if isinstance(message.data, CallbackCompleted)])
        messages = await self.service.fetch(number + own - self.heard_itself)
        self.heard_itself = own
        with statements() as self.statements:
            await self.service.process(messages)

    async def ask(self, subject: str, by: str = "service-1", **body: Any) -> dict[str, Any]:
        """Give a command and return the whole reply."""
        return await self.service.command(subject, {"by": by, **body})

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

    async def messages(self) -> list[Message[Any]]:
        """Return what the service itself has said, in order."""
        said = await self.service.messages(Event)
        return [message for message in said if message.source == "yingda/feedback"]

    async def callback_of(self, work_order_id: str, kind: str = "callback", cycle: int = 1) -> str:
        """Return the id of a work order's callback."""
        query = select(callbacks.c.id).where(
            callbacks.c.work_order_id == work_order_id, callbacks.c.kind == kind, callbacks.c.cycle == cycle
        )
        async with self.service.engine.connect() as connection:
            return str((await connection.execute(query)).scalar_one())

    async def state_of(self, callback_id: str) -> str:
        async with self.service.engine.connect() as connection:
            return str(await connection.scalar(select(callbacks.c.state).where(callbacks.c.id == callback_id)))

    async def contents(self) -> dict[str, int]:
        """Return a digest of every table but the commands answered."""
        tables = [table for table in store.metadata.sorted_tables if table.name not in {"commands", "outbox"}]
        found = {}
        async with self.service.engine.connect() as connection:
            for table in [*tables, store.runtime.outbox]:
                columns = "body::text" if table.name == "outbox" else "t::text"
                query = text(f"SELECT coalesce(sum(hashtextextended({columns}, 0)), 0) FROM {table.fullname} AS t")
                found[table.name] = await connection.scalar(query)
        return found


@asynccontextmanager
async def bench(
    database_url: str, nats_url: str, settings: Settings | None = None, policy: Policy | None = None
) -> AsyncIterator[Bench]:
    """Yield the service on a clean schema and empty streams."""
    house = service_bench(SERVICE, database_url, nats_url, clock=SetClock(), settings=settings, policy=policy)
    async with house as service:
        yield Bench(service)
