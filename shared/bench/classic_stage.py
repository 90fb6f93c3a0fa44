"""One stage the usual way, as a process: FastStream handlers with one message, one transaction, one publish at a time.

python -m shared.bench.classic_stage CONFIG.json
"""

import asyncio
import sys
from pathlib import Path

import asyncpg
import uvloop
from faststream.nats import JStream, NatsBroker, PullSub
from nats.js.api import ConsumerConfig

from shared.bench.stage_config import StageConfig, tell_ready
from shared.bench.stage_rows import INSERT_ONE, UPDATE_ONE, Work


async def work(config: StageConfig) -> None:
    """Run until the process is ended."""
    broker = NatsBroker(config.nats_url, logger=None)
    pool = await asyncpg.create_pool(config.dsn, min_size=1, max_size=5)
    todo = Work(config.stage)
    insert, update = INSERT_ONE.format(table=todo.table), UPDATE_ONE.format(table=todo.table)

    @broker.subscriber(
        config.stage.subjects[0],
        durable=config.stage.name,
        stream=JStream(config.stage.stream, declare=False),
        pull_sub=PullSub(),
        config=ConsumerConfig(filter_subjects=list(config.stage.subjects)),
    )
    async def handle(_body: bytes) -> None:
        todo.take(1)
        async with pool.acquire() as connection, connection.transaction():
            for row in todo.rows():
                await connection.execute(insert, *row)
            for key in todo.updates():
                await connection.execute(update, key)
        for message in todo.messages():
            await broker.publish(message.body, message.subject, stream="EVENTS", timeout=5.0)

    await broker.start()
    tell_ready(config)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(StageConfig.model_validate_json(Path(sys.argv[1]).read_bytes())))
