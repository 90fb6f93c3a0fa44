"""The floor of a fault test: services as processes of their own, contacts sent to them, and what they told."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from sqlalchemy import text

from shared.bus.publish import Outgoing, Publisher
from shared.bus.streams import CONTACTS, EVENTS
from shared.db import create_engine
from shared.provision import provision
from shared.service import find_service
from shared.settings import Settings
from shared.testing.embedded import EmbeddedServers
from shared.testing.service_process import service_process
from tests.polling import Rest, until

AT_ONCE = 500
REST_SECONDS = 0.5
"""What was published last reaches the consumers' counts in a moment, and an event follows its commit."""
_TO_SEND = text(
    "SELECT count(*) FROM notify.notifications "
    "WHERE state = 'sending' OR (state = 'queued' AND next_attempt_at <= clock_timestamp())"
)


@dataclass
class Floor:
    """Services on two servers; start them with `start`, and judge by `events`, which reads the stream anew."""

    database_url: str
    nats_url: str
    client: Client
    _running: dict[str, AsyncExitStack] = field(default_factory=dict)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def provision(self, *names: str) -> None:
        engine = create_engine(Settings(database_url=self.database_url))
        try:
            await provision(engine, self.client, [find_service(name) for name in names])
        finally:
            await engine.dispose()

    async def start(self, *names: str, **settings: str) -> None:
        """Start these services, side by side; each is ready on return. `sla#2` is one more replica of sla."""
        async with asyncio.TaskGroup() as starting:  # where one fails, the others are not waited for
            for name in names:
                starting.create_task(self._start(name, settings))

    async def _start(self, name: str, settings: dict[str, str]) -> None:
        self._running[name] = stack = AsyncExitStack()
        process = service_process(_service(name), self.database_url, self.nats_url, **settings)
        self.processes[name] = await stack.enter_async_context(process)

    async def kill(self, *names: str) -> None:
        """End these services as a power cut would."""
        for name in names:
            await self._running.pop(name).aclose()
            del self.processes[name]

    async def send(self, messages: Sequence[Outgoing]) -> None:
        publisher = Publisher(self.client, CONTACTS.name)
        for start in range(0, len(messages), AT_ONCE):
            await publisher.publish(messages[start : start + AT_ONCE])

    async def at_rest(self, seconds: float = 120) -> None:
        """Return when no running service has anything left to do, and none has given another something meanwhile."""
        rest = Rest()

        async def resting() -> bool:
            return rest.seconds(await self._last()) >= REST_SECONDS

        await until(resting, seconds, said="nothing is left to do")

    async def _last(self) -> int | None:
        """Return the last event's sequence where no running service has anything in hand."""
        jetstream = self.client.jetstream()
        for name in {_service(name) for name in self.processes}:
            info = await jetstream.consumer_info(CONTACTS.name if name == "intake" else EVENTS.name, name)
            if info.num_pending or info.num_ack_pending:
                return None
        if "notify" in self.processes and await self._to_send():
            return None
        return int((await jetstream.stream_info(EVENTS.name)).state.last_seq)

    async def _to_send(self) -> int:
        """Return how many messages the sender has before it: it takes its turns beside the events."""
        engine = create_engine(Settings(database_url=self.database_url))
        try:
            async with engine.connect() as connection:
                return int(await connection.scalar(_TO_SEND) or 0)
        finally:
            await engine.dispose()

    async def events(self) -> list[dict[str, Any]]:
        """Return every event on the stream in order, each id once, with the server's own time of it as `stored`."""
        jetstream = self.client.jetstream()
        last = (await jetstream.stream_info(EVENTS.name)).state
        found: dict[str, dict[str, Any]] = {}
        if last.messages:
            subscription = await jetstream.subscribe(EVENTS.subjects[0], ordered_consumer=True)
            while True:
                message = await subscription.next_msg(timeout=30)
                event = json.loads(message.data)
                event["stored"] = message.metadata.timestamp
                found.setdefault(f"{event['source']}/{event['id']}", event)
                if message.metadata.sequence.stream == last.last_seq:
                    break
            await subscription.unsubscribe()
        return list(found.values())


def _service(name: str) -> str:
    return name.partition("#")[0]


def of(events: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["type"] == f"yingda.{kind}.v1"]


@asynccontextmanager
async def floor(database_url: str, nats_url: str) -> AsyncIterator[Floor]:
    """Yield a floor without services; those that run at the end are killed."""
    client = await nats.connect(nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=_ignore)
    ready = Floor(database_url, nats_url, client)
    try:
        yield ready
    finally:
        await ready.kill(*ready.processes)
        await client.close()


@asynccontextmanager
async def own_servers() -> AsyncIterator[EmbeddedServers]:
    """Yield servers that the test may kill; they are gone with their data afterwards."""
    with tempfile.TemporaryDirectory(prefix="yingda-faults-") as name:
        Path(name).chmod(0o711)  # PostgreSQL may have to run as another user
        async with EmbeddedServers(Path(name)) as servers:
            yield servers


async def _ignore(_error: Exception) -> None:
    """Say nothing of a server that the test itself has killed."""
