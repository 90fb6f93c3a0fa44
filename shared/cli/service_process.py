"""One service as a process of its own, as `yingda up` runs it: started, ready, ended, stopped."""

import asyncio
import http.client
import json
import os
import re
import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from shared.cli.errors import CliError
from shared.cli.log_files import appending, last_line, rotate
from shared.cli.nursery_client import ForkedProcess, NurseryClient
from shared.testing.polling import NotInTimeError, until

GRACE_SECONDS = 10.0
POLICY_SECONDS = 30.0
PROBE_SECONDS = 5.0
_POLICY = re.compile(r'^yingda_policy_info\{[^}]*version="([^"]+)"[^}]*\} 1', re.MULTILINE)


class ServiceStartError(Exception):
    """The service ended before it was ready; the message is the last line of its log."""


class ServiceProcess:
    """Runs `yingda run NAME`, or another `command`, forked by the nursery."""

    def __init__(self, name: str, log: Path, nursery: NurseryClient, lock_fd: int, command: str = "run") -> None:
        self.name = name
        self._command = command
        self.log = log
        self.metrics_url: str | None = None
        """Where its metrics are, once it has been ready."""
        self.pid: int | None = None
        """The id of the process that was ready last."""
        self.address: str | None = None
        """Where the world outside reaches it, if it does."""
        self._nursery = nursery
        self._lock_fd = lock_fd
        self._process: ForkedProcess | None = None
        rotate(log)

    async def start(self, environment: Mapping[str, str]) -> None:
        """Return when the service is ready; `ServiceStartError` where it ends before."""
        reader, writer = os.pipe()
        try:
            with appending(self.log) as log:
                begin = os.fstat(log).st_size
                fds = [log, self._lock_fd, writer]
                self._process = await self._nursery.fork([self._command, self.name], environment, fds)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        told = await _read_all(reader)
        if not told:
            await self._process.wait()
            raise ServiceStartError(last_line(self.log, begin))
        ready = json.loads(told)
        self.metrics_url, self.pid, self.address = ready["metrics"], ready["pid"], ready.get("web")

    async def ended(self) -> str:
        """Return, once the process has ended, how."""
        code = await self._process.wait() if self._process is not None else 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    async def take_policy(self, version: str) -> None:
        """Let the service read its policy; return when it works by `version`, or will when it is started again.

        `CliError` where it does not within `POLICY_SECONDS`.
        """
        process, url = self._process, self.metrics_url
        if process is None or url is None:
            return  # it reads the policy when it starts
        process.hang_up()

        async def taken() -> bool:
            return not process.running or version in await asyncio.to_thread(policies_told, url)

        try:
            await until(taken, POLICY_SECONDS)
        except NotInTimeError as error:
            raise CliError(f"{self.name} has not taken the policy {version}: see {self.log}") from error

    def hang_up(self) -> None:
        """Let an adapter end, which is started again and reads its policy then."""
        if self._process is not None:
            self._process.hang_up()

    async def kill(self) -> None:
        """`kill -9`; the process is gone on return."""
        if self._process is not None:
            await self._process.kill()

    async def stop(self) -> None:
        """Let the service finish the batch in hand; after the grace, kill it. The process is gone on return."""
        if self._process is not None:
            await self._process.stop(GRACE_SECONDS)


def policies_told(metrics_url: str) -> list[str]:
    """Return the versions of the policy that the service at `metrics_url` says it works by; none where it is silent."""
    try:
        with urllib.request.urlopen(metrics_url, timeout=PROBE_SECONDS) as answer:  # noqa: S310 (our own)
            return _POLICY.findall(answer.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException):
        return []


async def _read_all(fd: int) -> bytes:
    """Return what was written to the pipe `fd` once its other end is closed; `fd` is closed afterwards."""
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(fd, "rb", 0))
    try:
        return await stream.read()
    finally:
        transport.close()
