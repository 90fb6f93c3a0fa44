"""The supervisor's side of the nursery when it is stopped in the middle of the start."""

import asyncio
import gc
import os
from pathlib import Path
from typing import Any

from shared.cli.nursery_client import NurseryClient


async def test_a_stop_during_the_start_leaves_no_error_that_nobody_reads(tmp_path: Path) -> None:
    """SIGTERM while a service is being forked: the one who waits is cancelled, then the nursery ends."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    nursery = NurseryClient(tmp_path / "nursery.log", [], os.environ)
    await nursery.start()
    with (tmp_path / "child.log").open("wb") as log:
        waiting = asyncio.create_task(nursery.fork(["--version"], {}, [log.fileno(), log.fileno()]))
        await asyncio.sleep(0)  # it has asked and waits now
        waiting.cancel()
        await asyncio.wait({waiting})
    assert waiting.cancelled()
    await nursery.stop()
    del waiting  # its traceback holds what it waited for
    gc.collect()
    assert told == []
