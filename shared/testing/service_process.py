"""A service or an adapter as a process of its own (`yingda run SERVICE`, `yingda adapter NAME`), for tests that kill it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from shared.policy import load_policy


@asynccontextmanager
async def service_process(
    name: str, database_url: str, nats_url: str, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a process of the service `name` that is ready; it is killed on leaving, as hard as a power cut would.

    `settings` are further variables of its environment. `AssertionError` where it ends before it is ready.
    """
    environment = {"YINGDA_NATS_URL": nats_url, "YINGDA_DATABASE_URL": database_url, **settings}
    async with _process("run", name, environment) as (started, _told):
        yield started


@asynccontextmanager
async def adapter_process(
    name: str, nats_url: str, policy: Path, data: Path, **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """Yield a process of the adapter `name` as `policy` sets it up, and what it told when it was ready (`metrics`, `web`).

    It keeps what it must remember in `data`; on leaving it is killed, as hard as a power cut would.
    """
    environment = {"YINGDA_NATS_URL": nats_url, "YINGDA_POLICY": str(policy), "YINGDA_DATA": str(data), **settings}
    async with _process("adapter", name, environment) as started:
        yield started


def policy_with(path: Path, default: Path | None = None, **plugins: Any) -> Path:
    """Write the policy `default`, or the one that is shipped, to `path` with `plugins` beside its own: `policy_with(…, adapters={"imap": {…}})`."""
    policy: dict[str, Any] = json.loads(json.dumps(load_policy(default).plain))
    for kind, named in plugins.items():
        policy["plugins"][kind].update(named)
    path.write_text(json.dumps(policy, ensure_ascii=False), encoding="utf-8")  # which is YAML too
    return path


@asynccontextmanager
async def _process(
    command: str, name: str, settings: dict[str, str]
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    readable, writable = os.pipe()
    environment = os.environ | {"YINGDA_READY_FD": str(writable), "YINGDA_LOG_LEVEL": "error", **settings}
    arguments = (sys.executable, "-m", "shared.cli.main", command, name)
    started = await asyncio.create_subprocess_exec(*arguments, env=environment, pass_fds=(writable,))
    os.close(writable)
    try:
        with os.fdopen(readable) as ready:
            told = await asyncio.to_thread(ready.read)
        if not told:
            raise AssertionError(f"{name} ended before it was ready")
        yield started, json.loads(told)
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
