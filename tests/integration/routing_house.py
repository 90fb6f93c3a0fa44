"""What the tests of routing on real servers add to a bench: its loop, its rows, and events about its work orders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.routing.app import SERVICE
from shared.events import CallbackCompleted, Command, SlaEscalated
from shared.policy import Policy
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.builders import completed_callback
from shared.testing.clock import MONDAY, SetClock


@dataclass
class House:
    """Routing on its bench."""

    bench: ServiceBench

    async def command(self, model: type[Command], by: str, **content: Any) -> dict[str, Any]:
        """Return the reply to a fresh command."""
        return await self.bench.command(model, {"by": by, **content})

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
