"""Sla on its bench: a test takes its batches, turns its watch, and asks its desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla.handlers.horizon import Horizon
from shared.events import SlaStarted, SlaStep
from shared.service import Loop
from shared.testing.bench import ServiceBench


@dataclass
class House:
    """One replica of sla and what it told."""

    bench: ServiceBench

    def horizon(self) -> Horizon:
        return Horizon(self.bench.clock, self.bench.context.position)

    def loop(self, name: str) -> Loop:
        return next(loop for loop in self.bench.parts.loops if loop.name == name)

    async def watch(self, at: datetime) -> datetime | None:
        """Put the clock to `at` and turn the watch until nothing more is due."""
        self.bench.clock.at = at
        following = await self.loop("watch").turn()
        while following is not None and following <= at:
            following = await self.loop("watch").turn()
        return following

    async def renew(self) -> None:
        """Turn the renewal until it is done."""
        while await self.loop("renewal").turn() is not None:
            pass

    async def verbs(self, metric: str, work_order_id: str = "w1") -> list[str]:
        told: list[Any] = await self.bench.told(SlaStarted, SlaStep)
        return [
            event.TYPE.split(".")[2] for event in told if (event.metric, event.subject_id) == (metric, work_order_id)
        ]

    async def clocks(self, **wanted: Any) -> list[dict[str, Any]]:
        """What the command `sla.list` shows."""
        reply = await self.bench.command("sla.list", {"by": "service-1", **wanted})
        found: list[dict[str, Any]] = reply["result"]["clocks"]
        return found
