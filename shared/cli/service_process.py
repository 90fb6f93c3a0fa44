"""One service as a process of its own, as `yingda up` runs it: started, ready, ended, stopped."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.testing.processes import ChildProcess

GRACE_SECONDS = 10.0
LOG_LIMIT_BYTES = 10_000_000


class ServiceStartError(Exception):
    """The service ended before it was ready; the message is the last line of its log."""


class ServiceProcess:
    """Runs `yingda run NAME`. It never outlives this process: the kernel kills it when we die."""

    def __init__(self, name: str, log: Path, environment: Mapping[str, str], lock_fd: int) -> None:
        self.name = name
        self.log = log
        self.metrics_url: str | None = None
        """Where its metrics are, once it has been ready."""
        self.pid: int | None = None
        """The id of the process that was ready last."""
        self._environment = environment
        self._lock_fd = lock_fd
        self._child: ChildProcess | None = None
        rotate(log)

    async def start(self) -> None:
        """Return when the service is ready; `ServiceStartError` where it ends before."""
        reader, writer = os.pipe()
        try:
            self._child = await ChildProcess.spawn(
                [sys.executable, "-m", "shared.cli.main", "run", self.name],
                log=self.log,
                stop_signal=signal.SIGTERM,
                death_signal=signal.SIGKILL,  # it is made for crashes, and nothing may be left when we were killed
                inherit=[writer, self._lock_fd],
                environment={**self._environment, "YINGDA_READY_FD": str(writer)},
                directory=Path.cwd(),
            )
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        told = await _read_all(reader)
        if not told:
            await self._child.wait()
            raise ServiceStartError(self._last_line())
        ready = json.loads(told)
        self.metrics_url, self.pid = ready["metrics"], ready["pid"]

    async def ended(self) -> str:
        """Return, once the process has ended, how."""
        code = await self._child.wait() if self._child is not None else 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    async def kill(self) -> None:
        """`kill -9`; the process is gone on return."""
        if self._child is not None:
            await self._child.kill()

    async def stop(self) -> None:
        """Let the service finish the batch in hand; after the grace, kill it. The process is gone on return."""
        if self._child is not None:
            await self._child.stop(GRACE_SECONDS)

    def _last_line(self) -> str:
        lines = self._child.log_lines() if self._child is not None else []
        return next((line.removeprefix("yingda: ") for line in reversed(lines) if line.strip()), "it wrote no log")


def rotate(log: Path) -> None:
    """Begin a new log where the old one has grown too long; one old one is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


async def _read_all(fd: int) -> bytes:
    """Return what was written to the pipe `fd` once its other end is closed; `fd` is closed afterwards."""
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(fd, "rb", 0))
    try:
        return await stream.read()
    finally:
        transport.close()
