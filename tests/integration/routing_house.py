"""What the tests of routing on real servers add to a bench: its loop, its rows, and events about its work orders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.routing.app import SERVICE
from shared.events import (
    CallbackCompleted,
    Command,
    ContactCompleted,
    ContactRegistered,
    Personal,
    SlaEscalated,
    WorkorderOpened,
)
from shared.events.commands import GetWorkorder
from shared.policy import Policy
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.builders import completed_callback, registered_contact
from shared.testing.clock import MONDAY, SetClock

LATER = MONDAY + timedelta(minutes=10)
"""When a register is completed."""


@dataclass
class House:
    """Routing on its bench."""

    bench: ServiceBench

    async def command(self, model: type[Command], by: str, **content: Any) -> dict[str, Any]:
        """Return the reply to a fresh command."""
        return await self.bench.command(model, {"by": by, **content})

    async def opened(self, **changes: Any) -> WorkorderOpened:
        """Have a contact registered; return the work order that it opened."""
        before = len(await self.bench.told(WorkorderOpened))
        await self.bench.happens(registered_contact(**changes))
        return (await self.bench.told(WorkorderOpened))[before]

    async def get(self, order: WorkorderOpened, by: str = "service-1") -> dict[str, Any]:
        """Return what `by` is shown of the work order."""
        reply = await self.command(GetWorkorder, by, number=order.number)
        result: dict[str, Any] = reply["result"]
        return result

    async def turn(self) -> datetime | None:
        """Turn the hand-over loop once."""
        return await self.bench.parts.loops[0].turn()

    async def row(self, query: str, **values: Any) -> Any:
        async with self.bench.engine.connect() as connection:
            return (await connection.execute(text(query), values)).one()


@asynccontextmanager
async def routing_house(database_url: str, nats_url: str, policy: Policy | None = None) -> AsyncIterator[House]:
    async with service_bench(SERVICE, database_url, nats_url, clock=SetClock(), policy=policy) as bench:
        yield House(bench)


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    async with routing_house(database_url, fresh_nats) as ready:
        yield ready


def completion(
    contact: ContactRegistered | WorkorderOpened,
    *completed: str,
    personal: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
    at: datetime = LATER,
) -> ContactCompleted:
    """A colleague adds `completed` to the contact's register, whose content is then `personal` and `details`."""
    return ContactCompleted(
        contact_id=contact.contact_id,
        customer_id=contact.customer_id,
        completed=completed,
        details=dict(details or {}),
        personal=Personal(**personal or {}),
        by="service-1",
        at=at,
    )


def callback(opened: Any, **changes: Any) -> CallbackCompleted:
    about = {name: getattr(opened, name) for name in ("work_order_id", "number", "department")}
    return completed_callback(**about | changes)


def escalation(opened: Any, step: str = "supervisor") -> SlaEscalated:
    return SlaEscalated(
        clock_id="clock-1",
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


def refusal(reply: Mapping[str, Any]) -> tuple[int, str]:
    """The status of the problem and the last part of its type."""
    return reply["error"]["status"], reply["error"]["type"].rpartition(":")[2]


def refusals(replies: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    return [refusal(reply) for reply in replies]
