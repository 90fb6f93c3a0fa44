"""One service on real NATS and PostgreSQL in this process, driven step by step by a test.

```python
async with service_bench(SERVICE, database_url, nats_url, clock=SetClock()) as bench:
    await bench.happens(registered_contact())
    (opened,) = await bench.told(WorkorderOpened)
    reply = await bench.command(Respond, {"by": "market-1", "work_order_id": opened.work_order_id, "text": "..."})
```

Nothing here asks the server how much is pending: it counts a message some time after it has acknowledged its
publication. A test says how many messages it means, and the bench takes exactly those.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from pydantic import BaseModel
from pydantic_core import from_json, to_json
from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.ask import asker_of
from shared.bus.commands import CommandDesk
from shared.bus.erase import eraser_of
from shared.bus.outbox import Outbox
from shared.bus.position import position_of
from shared.bus.publish import Publisher
from shared.bus.read import reader_of
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS, STREAMS
from shared.db import create_engine
from shared.events import Command, Event, Message, compose, encode
from shared.ids import new_id
from shared.policy import Policy, load_policy
from shared.provision import provision
from shared.retention import forgetting
from shared.service import Context, Parts, Service
from shared.settings import Settings
from shared.testing.clock import SetClock
from shared.testing.stream import read_stream

TAKE_SECONDS = 30.0
"""A message that is on the stream and does not come within this time does not come at all."""
COMMANDS = "yingda.command."

E = TypeVar("E", bound=Event)


class BenchError(AssertionError):
    """The service's consumer has fewer messages for this bench than the test said."""


@dataclass
class ServiceBench:
    """One replica of a service and its surroundings; make one with `service_bench`, more with `replica`."""

    context: Context
    client: Client
    clock: SetClock
    service: Service
    parts: Parts
    desk: CommandDesk
    _stops: AsyncExitStack = field(repr=False)

    @property
    def engine(self) -> AsyncEngine:
        """Connections that act as the service's own role."""
        return self.context.engine

    @property
    def outbox(self) -> Outbox:
        """The outbox of this replica."""
        return self.context.outbox

    @property
    def policy(self) -> Policy:
        """The policy that the service was built with."""
        return self.context.policy

    async def replica(
        self, build: Callable[[Context], Awaitable[Parts]] | None = None, policy: Policy | None = None
    ) -> ServiceBench:
        """Return one more replica on the same servers and clock, with its own outbox, stopped with the bench.

        `build` takes the place of the service's own composition root, as where a test puts in a plugin of its own.
        """
        service = self.service if build is None else replace(self.service, build=build)
        context = replace(self.context, outbox=self.new_outbox(), policy=policy or self.policy)
        return await _built(service, context, self.client, self.clock, self._stops)

    def new_outbox(self) -> Outbox:
        """Return an outbox of its own, as another replica would have."""
        return _outbox(self.service, self.engine, self.clock, self.client)

    async def publish(self, *events: Event | Message[Any], traceparent: str | None = None) -> list[Message[Any]]:
        """Publish `events` in order and return the messages; they are on the stream afterwards.

        A message goes out word for word, so that one returned earlier can be repeated.
        """
        messages = [one if isinstance(one, Message) else self._message(one, traceparent) for one in events]
        for message in messages:
            await self.client.jetstream().publish(message.data.SUBJECT, encode(message), stream=EVENTS.name)
        return messages

    async def fetch(self, count: int) -> list[Msg]:
        """Take exactly `count` messages from the service's durable consumer, unacknowledged, in the stream's order.

        `BenchError` where they do not come.
        """
        consumer = self.service.consumer
        inbox = self.client.new_inbox()
        subscription = await self.client.subscribe(inbox)
        # One request for exactly `count`: nats-py's `fetch` leaves requests open, which take messages for nobody.
        request = {"batch": count, "expires": int(TAKE_SECONDS * 1e9)}
        ask = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream.name}.{consumer.service}"
        await self.client.publish(ask, to_json(request), reply=inbox)
        taken: dict[int, Msg] = {}
        try:
            while len(taken) < count:
                message = await subscription.next_msg(TAKE_SECONDS)
                if message.headers and "Status" in message.headers:
                    raise BenchError(f"{consumer.service} got {len(taken)} of {count} messages: {message.headers}")
                taken[message.metadata.sequence.stream] = message
        except TimeoutError:
            raise BenchError(f"{consumer.service} got {len(taken)} of {count} messages") from None
        finally:
            await subscription.unsubscribe()
        return [taken[sequence] for sequence in sorted(taken)]

    async def process(self, messages: Sequence[Msg]) -> None:
        """Take `messages` along the path of a batch, as the running service does."""
        runtime = BatchRuntime(
            self.outbox,
            forgetting(self.parts.on_events, self.parts.forget, self.service.tables),
            raw=not self.service.consumes,
            on_rejected=self.parts.on_rejected,
            concerns=self.parts.concerns,
        )
        await runtime.process(messages)

    async def consume(self, count: int) -> None:
        """Process exactly `count` messages of the service's consumer as one batch."""
        await self.process(await self.fetch(count))

    async def happens(self, *events: Event | Message[Any], traceparent: str | None = None) -> list[Message[Any]]:
        """Publish `events`, all of which the service consumes, and let it process exactly them as one batch."""
        messages = await self.publish(*events, traceparent=traceparent)
        await self.consume(len(messages))
        return messages

    async def command(self, which: type[Command] | str, body: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
        """Return the whole reply to a command, named by its model, its subject or the end of it.

        A mapping without `command_id` is a command of its own.
        """
        subject = which if isinstance(which, str) else which.SUBJECT
        subject = subject if subject.startswith(COMMANDS) else COMMANDS + subject
        given = body if isinstance(body, BaseModel) else {"command_id": new_id(), **body}
        reply: dict[str, Any] = from_json(await self.desk.answer(subject, to_json(given)))
        return reply

    async def told(self, *models: type[E]) -> list[E]:
        """Return the events of `models` on the stream, in order, as anybody would read them."""
        return [message.data for message in await self.messages(*models)]

    async def messages(self, *models: type[E]) -> list[Message[E]]:
        """Return the messages on the stream whose events are of `models`, in order."""
        state = (await self.client.jetstream().stream_info(EVENTS.name)).state
        if not state.messages:
            return []
        found = [message async for message in read_stream(self.client, EVENTS.name, until=state.last_seq)]
        return [message for message in found if isinstance(message.data, models)]

    async def heard(
        self, *models: type[E], count: int = 1, where: Callable[[E], bool] = bool, seconds: float = 60
    ) -> list[E]:
        """Return the first `count` events of `models` that are as `where` wants, waiting for them; `TimeoutError`."""
        found: list[E] = []
        async with asyncio.timeout(seconds), aclosing(read_stream(self.client, EVENTS.name)) as stream:
            async for message in stream:
                if isinstance(message.data, models) and where(message.data):
                    found.append(message.data)
                if len(found) >= count:
                    break
        return found

    async def count(self, table: Table) -> int:
        """Return how many rows `table` has."""
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table)) or 0

    async def rows(self, table: Table) -> Sequence[Any]:
        """Return every row of `table`, by its primary key."""
        async with self.engine.connect() as connection:
            return (await connection.execute(select(table).order_by(*table.primary_key.columns))).all()

    async def dead_letters(self) -> int:
        """Return how many messages the service put aside."""
        return await self.count(self.service.tables.dead_letters)

    def _message(self, event: Event, traceparent: str | None) -> Message[Any]:
        return compose(event, source="yingda/test", subject="test", at=self.clock.at, traceparent=traceparent)


@asynccontextmanager
async def service_bench(
    service: Service,
    database_url: str,
    nats_url: str,
    *,
    clock: SetClock,
    settings: Settings | None = None,
    policy: Policy | None = None,
) -> AsyncIterator[ServiceBench]:
    """Yield `service`, provisioned and built by its own composition root, with the rights of its own role.

    `database_url` is of a role that may create schemas. Afterwards every replica is stopped, the service's tables are
    empty, its consumer is gone and the streams are purged, also where the test failed: the next one begins afresh.
    """
    places = {"database_url": database_url, "nats_url": nats_url}
    settings = (settings or Settings()).model_copy(update=places)
    async with AsyncExitStack() as stack:
        owner, engine = create_engine(settings), create_engine(settings, role=service.name)
        stack.push_async_callback(owner.dispose)
        stack.push_async_callback(engine.dispose)
        client = await nats.connect(nats_url)
        stack.push_async_callback(client.close)
        await provision(owner, client, [service])
        stack.push_async_callback(_clean, service, owner, client)
        context = Context(
            settings,
            policy or load_policy(settings.policy),
            clock,
            engine,
            _outbox(service, engine, clock, client),
            position_of(client, service.consumer),
            eraser_of(client, service.stream),
            asker_of(client),
            reader_of(client, service.stream),
        )
        yield await _built(service, context, client, clock, stack)


def _outbox(service: Service, engine: AsyncEngine, clock: SetClock, client: Client) -> Outbox:
    return Outbox(service.name, engine, service.tables, clock, Publisher(client, EVENTS.name))


async def _built(
    service: Service, context: Context, client: Client, clock: SetClock, stops: AsyncExitStack
) -> ServiceBench:
    parts = await service.build(context)
    if parts.stop is not None:
        stops.push_async_callback(parts.stop)
    desk = CommandDesk(context.outbox, parts.commands)
    return ServiceBench(context, client, clock, service, parts, desk, stops)


async def _clean(service: Service, owner: AsyncEngine, client: Client) -> None:
    """Leave empty tables and streams, and no delivery in flight that the next test could meet."""
    async with owner.begin() as connection:
        names = ", ".join(table.fullname for table in service.metadata.sorted_tables)
        await connection.execute(text(f"TRUNCATE {names}"))
    jetstream = client.jetstream()
    for stream in STREAMS:
        await jetstream.purge_stream(stream.name)
    try:
        await jetstream.delete_consumer(service.stream.name, service.name)
    except NotFoundError:
        return
