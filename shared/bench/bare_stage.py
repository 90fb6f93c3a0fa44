"""One stage of the bare pipeline as a process: plain nats-py and asyncpg, as a good engineer would write it by hand.

    python -m shared.bench.bare_stage CONFIG.json

A batch is pulled, its rows are inserted and updated with one statement each in one transaction, its messages are
published as one atomic batch, then it is acknowledged. Bodies are neither read nor checked, and there are no rules.
"""

import asyncio
import sys
from collections import deque
from pathlib import Path

import asyncpg
import nats
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic_core import to_json

from shared.bench.atomic import publish_atomically
from shared.bench.stage_config import StageConfig, tell_ready
from shared.bench.stage_rows import INSERT_MANY, UPDATE_MANY, Work
from shared.bus.settle import settle

BATCH = 500
_EXPIRES_SECONDS = 30


class Feed:
    """Pulls from a durable consumer with one request open at a time, so that no message waits for another's request."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._taken: deque[Msg] = deque()
        self._news = asyncio.Event()
        self._open = 0

    async def start(self) -> None:
        """Begin to pull."""
        await self._client.subscribe(self._inbox, cb=self._take)
        await self._ask()

    async def next(self) -> list[Msg]:
        """Return what is there, as soon as there is anything."""
        while not self._taken:
            self._news.clear()
            if self._open <= 0:  # the request has expired
                await self._ask()
            await self._news.wait()
        batch = [self._taken.popleft() for _ in range(min(BATCH, len(self._taken)))]
        if self._open <= 0 and not self._taken:
            await self._ask()
        return batch

    async def _ask(self) -> None:
        self._open = BATCH
        request = {"batch": BATCH, "expires": _EXPIRES_SECONDS * 1_000_000_000}
        await self._client.publish(self._subject, to_json(request), reply=self._inbox)

    async def _take(self, message: Msg) -> None:
        if not message.data and message.headers and "Status" in message.headers:
            self._open = 0
        else:
            self._taken.append(message)
            self._open -= 1
        self._news.set()


async def work(config: StageConfig) -> None:
    """Run until the process is ended."""
    client = await nats.connect(config.nats_url)
    connection = await asyncpg.connect(config.dsn)
    todo = Work(config.stage)
    feed = Feed(client, config.stage.stream, config.stage.name)
    await feed.start()
    await settle(client)
    tell_ready(config)
    insert, update = INSERT_MANY.format(table=todo.table), UPDATE_MANY.format(table=todo.table)
    while True:
        batch = await feed.next()
        todo.take(len(batch))
        async with connection.transaction():
            if rows := todo.rows():
                await connection.execute(insert, *map(list, zip(*rows, strict=True)))
            if ids := todo.updates():
                await connection.execute(update, ids)
        await publish_atomically(client, todo.messages())
        for message in batch:
            await message.ack()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(StageConfig.model_validate_json(Path(sys.argv[1]).read_bytes())))
