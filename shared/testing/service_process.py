"""A service as a process of its own (`yingda run SERVICE`), for tests that kill it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def service_process(
    name: str, database_url: str, nats_url: str, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a process of the service `name` that is ready; it is killed on leaving, as hard as a power cut would.

    `settings` are further variables of its environment. `AssertionError` where it ends before it is ready.
    """
    readable, writable = os.pipe()
    environment = os.environ | {
        "YINGDA_NATS_URL": nats_url,
        "YINGDA_DATABASE_URL": database_url,
        "YINGDA_READY_FD": str(writable),
        "YINGDA_LOG_LEVEL": "error",
        **settings,
    }
    command = (sys.executable, "-m", "shared.cli.main", "run", name)
    started = await asyncio.create_subprocess_exec(*command, env=environment, pass_fds=(writable,))
    os.close(writable)
    try:
        with os.fdopen(readable) as ready:
            if not await asyncio.to_thread(ready.read):
                raise AssertionError(f"{name} ended before it was ready")
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
