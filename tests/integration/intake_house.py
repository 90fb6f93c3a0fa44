"""Intake on real servers as its tests drive it: two replicas, contacts as adapters publish them, everything it keeps."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from services.intake.app import SERVICE
from services.intake.handlers import Reception
from services.intake.ports import Channel, Reading
from shared.events import Command, ContactCompleted, ContactRegistered, ContactRejected, Event
from shared.policy import Policy
from shared.service import Context, Parts
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from tests.plugins import built_in_channels


def form(**changes: Any) -> dict[str, Any]:
    return {"occurred_at": "2026-11-23T10:15:00+08:00", "text": "空调不制冷，要求换货", **changes}


def envelope(number: object, data: object, **changes: object) -> bytes:
    message = {
        "specversion": "1.0",
        "id": str(number),
        "source": "web/shop",
        "type": "yingda.contact.received.v1",
        "time": "2026-11-23T02:15:00Z",
        "data": data,
    }
    return json.dumps(message | changes).encode()


class Faulty:
    """A stranger's channel that breaks its promise never to raise."""

    name = "faulty"

    def read(self, data: Mapping[str, Any]) -> Reading:
        raise KeyError(data["text"])


@dataclass
class Intake:
    """Two replicas of intake on the same servers."""

    bench: ServiceBench
    other: ServiceBench

    async def publish(self, *bodies: bytes, channel: str = "web") -> None:
        jetstream = self.bench.client.jetstream()
        for body in bodies:
            await jetstream.publish(f"yingda.contact.received.{channel}", body, stream="CONTACTS")

    async def receives(self, *forms: Mapping[str, Any], channel: str = "web") -> list[ContactRegistered]:
        """Let contacts come in one after another, each as a batch of its own; return what was told of them."""
        before = await self.registered()
        for number, one in enumerate(forms, len(before)):
            await self.publish(envelope(f"n{number}", one), channel=channel)
            await self.bench.consume(1)
        return (await self.registered())[len(before) :]

    async def command(self, model: type[Command], by: str = "service-1", **content: Any) -> dict[str, Any]:
        """Return the whole reply to a fresh command."""
        return await self.bench.command(model, {"by": by, **content})

    async def registered(self) -> list[ContactRegistered]:
        return await self.bench.told(ContactRegistered)

    async def completed(self) -> list[ContactCompleted]:
        return await self.bench.told(ContactCompleted)

    async def rejected(self) -> list[ContactRejected]:
        return await self.bench.told(ContactRejected)

    async def everything(self) -> str:
        """Return all that intake keeps and has told, in one text."""
        kept = [await self.bench.rows(table) for table in SERVICE.metadata.sorted_tables]
        return repr((kept, await self.bench.messages(Event)))


async def with_a_faulty_channel(context: Context) -> Parts:
    channels: dict[str, Channel] = built_in_channels() | {"faulty": Faulty()}
    parts = await SERVICE.build(context)
    eraser = next(loop for loop in parts.loops if loop.name == "erase")
    return replace(parts, on_events=Reception(channels, context.policy, eraser.wake).on_events)


@asynccontextmanager
async def intake_house(database_url: str, nats_url: str, policy: Policy | None = None) -> AsyncIterator[Intake]:
    service = replace(SERVICE, build=with_a_faulty_channel)
    async with service_bench(service, database_url, nats_url, clock=SetClock(), policy=policy) as bench:
        yield Intake(bench, await bench.replica())
