"""The services as processes of their own, each with its own user and password, on the guarded servers."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from shared.permissions import OPERATIONS
from shared.service import service_names
from shared.testing.processes import ChildProcess
from tests.polling import until
from tests.privilege.guarded import Guarded

READY_SECONDS = 100.0
STOP_SECONDS = 30.0
_READY = b'"event":"ready"'


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str


class Processes:
    """What runs on the servers of `house`, with their files in `folder` and the clock `clock`."""

    def __init__(self, house: Guarded, folder: Path, clock: str) -> None:
        self._house = house
        self._folder = folder
        self._clock = clock

    def environment(self, user: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
        own = {"YINGDA_CLOCK": self._clock, "YINGDA_DATA": str(self._folder), "YINGDA_METRICS_PORT": "0"}
        return inherited | own | self._house.environment(user)

    async def yingda(self, *arguments: str, user: str = OPERATIONS, stdin: bytes = b"") -> Outcome:
        """Run a command as `user` and return how it ended, with all that it said."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.cli.main", *arguments),
            env=self.environment(user),
            cwd=self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate(stdin)
        assert process.returncode is not None
        return Outcome(process.returncode, out.decode())

    @contextlib.asynccontextmanager
    async def suite(self) -> AsyncIterator[None]:
        """Yield while every service runs; all have stopped in good order afterwards."""
        running: list[ChildProcess] = []
        try:
            async with asyncio.TaskGroup() as starts:
                for name in service_names():
                    starts.create_task(self._start(name, running))
            yield
        finally:
            await asyncio.gather(*(child.stop(STOP_SECONDS) for child in running))

    async def _start(self, name: str, running: list[ChildProcess]) -> None:
        log = self._folder / f"{name}.log"
        child = await ChildProcess.spawn(
            [sys.executable, "-m", "shared.cli.main", "run", name],
            log=log,
            stop_signal=signal.SIGTERM,
            environment=self.environment(name),
        )
        running.append(child)
        await until(lambda: _READY in log.read_bytes() or not child.running, READY_SECONDS, said=f"{name} is ready")
        assert child.running, log.read_text()
