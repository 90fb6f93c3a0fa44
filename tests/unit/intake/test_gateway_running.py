"""An endpoint that works beside its requests and fails ends the gateway, which is started again (ADR 0038)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
from nats.aio.client import Client
from starlette.routing import BaseRoute

from services.intake.adapters.gateway.adapter import Gateway
from services.intake.adapters.gateway.config import GatewayConfig
from shared.adapters import Operation, Publisher, Report, Work
from shared.attachments import AttachmentStore


class Beside:
    """An endpoint without routes that does one thing beside them."""

    channels = ("web",)
    operations: Sequence[Operation] = ()

    def __init__(self, act: Callable[[], Awaitable[object]]) -> None:
        self._act = act

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        del work
        return ()

    async def run(self, work: Work) -> None:
        del work
        await self._act()


async def test_one_that_fails_after_another_has_finished_is_noticed() -> None:
    finished = asyncio.Event()

    async def finish() -> None:
        finished.set()

    async def fail() -> None:
        await finished.wait()
        for _ in range(10):
            await asyncio.sleep(0)  # the gateway has seen by now that the other one is done
        raise ValueError("the sweep has ended")

    client = cast("Client", None)
    gateway = Gateway({"one": Beside(finish), "other": Beside(fail)}, GatewayConfig(), "127.0.0.1", 0)
    publisher = Publisher(client, ["web"], name="gateway")
    work = Work(
        publisher, Report("gateway"), asyncio.Event(), lambda: datetime.now(UTC), AttachmentStore(client), client
    )
    with pytest.raises(ValueError, match="the sweep has ended"):
        async with asyncio.timeout(30):
            await gateway.run(work)
