"""Notify on real NATS and PostgreSQL, with the transports that a test wants; any number of replicas."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select, update

from services.notify.app import SERVICE, commands
from services.notify.handlers import EventHandler, Sender
from services.notify.handlers.compose import Composer
from services.notify.handlers.links import SurveyLinks
from services.notify.handlers.receipts import Receipts
from services.notify.handlers.texts import Texts
from services.notify.handlers.transports import Transports
from services.notify.plugins.file import FileTransport
from services.notify.ports import Outbound, Outcome, Sent, Transport
from services.notify.store import notifications
from services.notify.store.keys import address_key
from services.notify.store.presence import Presence
from shared.events.commands import Command
from shared.policy import Policy
from shared.service import Context, Parts
from shared.settings import Settings
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from tests.plugins import transport_setup
from tests.unit.notify.events import NOW

KEY = SecretStr("k" * 32)
LINKS = SurveyLinks("https://survey.example.com", KEY)


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

    bench: ServiceBench
    presence: Presence
    sender: Sender

    async def work(self, turns: int = 1) -> None:
        """Turn the sender's loop, and wait for what it began."""
        for _ in range(turns):
            await self.sender.turn()
            await self.sender.idle()

    async def ask(self, command: Command) -> Mapping[str, Any]:
        return await self.bench.command(type(command), command)

    async def say(self, which: str, by: str = "service-1", **body: Any) -> dict[str, Any]:
        """Return the reply to `yingda.command.notification.<which>`."""
        return await self.bench.command(f"notification.{which}", {"by": by, **body})


@dataclass
class House:
    """The service's surroundings, and what became of its messages."""

    bench: ServiceBench
    folder: Path

    def file(self, channel: str) -> FileTransport:
        return FileTransport(transport_setup(channel, Settings(data=self.folder), self.bench.clock.now, 10.0))

    async def replica(self, *transports: Transport, policy: Policy | None = None, at_once: bool = False) -> Replica:
        """Return a process with `transports` in place of `file` for their channels.

        Unless it sends `at_once`, everything goes by way of the queue, so that a test can look at it there.
        """
        built: dict[tuple[str, str], Transport] = {("file", c): self.file(c) for c in ("sms", "email")}
        built |= {(one.name, one.channel): one for one in transports}
        presence = Presence(self.bench.engine)
        senders: list[Sender] = []

        async def build(context: Context) -> Parts:
            composer = Composer(context.policy, Texts(), await address_key(context.engine), LINKS)
            sender = Sender(context.outbox, context.clock, composer, Transports(built), presence)
            senders.append(sender)
            receipts = Receipts(composer, sender.recorder, sender.nudge)
            events = EventHandler(context.policy, sender.nudge, sender.at_once if at_once else None, receipts.reported)
            return Parts(on_events=events.on_events, commands=commands(composer, sender))

        bench = await self.bench.replica(build, policy)
        return Replica(bench, presence, *senders)

    async def rows(self) -> list[Any]:
        async with self.bench.engine.connect() as connection:
            return list(await connection.execute(select(notifications).order_by(notifications.c.purpose)))

    async def states(self) -> dict[str, str]:
        """Return the state by purpose and recipient."""
        return {f"{row.purpose}:{row.recipient}": row.state for row in await self.rows()}

    def lines(self, channel: str) -> list[dict[str, Any]]:
        path = self.folder / "messages" / f"{channel}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    async def end_leases(self) -> None:
        async with self.bench.engine.begin() as connection:
            await connection.execute(
                update(notifications)
                .where(notifications.c.state == "sending")
                .values(lease_until=func.clock_timestamp() - timedelta(seconds=1))
            )


@asynccontextmanager
async def notify_house(database_url: str, nats_url: str, folder: Path) -> AsyncIterator[House]:
    settings = Settings(database_pool=10, data=folder)
    async with service_bench(SERVICE, database_url, nats_url, clock=SetClock(NOW), settings=settings) as bench:
        yield House(bench, folder)
