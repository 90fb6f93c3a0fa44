"""Server processes that live no longer than we do, and leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from shared.testing.embedded_errors import PortTakenError, ServerStartError

_LAUNCHER = Path(__file__).with_name("process_launcher.py")
_PROBE_EVERY_SECONDS = 0.02
_TAIL_LINES = 12


class ChildProcess:
    """A child in a session of its own (Ctrl-C in the terminal does not reach it) that dies with this process.

    The kernel sends `stop_signal` when the thread that started the child ends, by whatever cause.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, log: Path, log_start: int, stop_signal: signal.Signals
    ) -> None:
        self._process = process
        self._log = log
        self._log_start = log_start
        self._stop_signal = stop_signal
        self._exit = asyncio.ensure_future(process.wait())

    @classmethod
    async def spawn(
        cls,
        command: Sequence[str | Path],
        *,
        log: Path,
        stop_signal: signal.Signals,
        identity: str = "same",
        inherit: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> Self:
        """Start `command`; its output is appended to `log`.

        Args:
            command: absolute path of the program, then its arguments.
            log: the file for standard output and error.
            stop_signal: what asks the program to stop in good order.
            identity: as whom it runs, see `process_launcher`.
            inherit: further file descriptors it keeps open.
            environment: its whole environment; when None, nothing of ours, which could change what a server does.
            directory: where it runs; the directory of `log` when None.

        """
        with log.open("ab") as output:
            log_start = output.tell()
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_LAUNCHER)),
                *(str(os.getpid()), str(int(stop_signal)), identity),
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory or log.parent,
                env=environment or {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                pass_fds=tuple(inherit),
            )
        return cls(process, log, log_start, stop_signal)

    @property
    def pid(self) -> int:
        """The process id, the same before and after the launcher has become the server."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return not self._exit.done()

    async def wait(self) -> int:
        """Return the exit code once the process has ended (negative: the signal that ended it)."""
        return await asyncio.shield(self._exit)

    async def until_ready(self, probe: Callable[[], Awaitable[bool]], timeout: float) -> None:  # noqa: ASYNC109 - the error needs the log
        """Return once `probe` holds.

        Raises:
            PortTakenError: the process ended because its port was taken.
            ServerStartError: it ended, or `timeout` seconds passed; the message ends with the log's last lines.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self.running:
            if await probe() and self.running:
                return
            if loop.time() > deadline:
                raise ServerStartError(f"The server did not answer within {timeout:g} s. {self.log_tail()}")
            await asyncio.wait({self._exit}, timeout=_PROBE_EVERY_SECONDS)
        tail = self.log_tail()
        error = PortTakenError if "ddress already in use" in tail else ServerStartError
        raise error(f"The server ended at once with code {self._exit.result()}. {tail}")

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - what happens at the timeout is the point
        """Ask for an orderly end; after `timeout` seconds, kill. The process is gone afterwards."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self._stop_signal)
            await asyncio.wait({self._exit}, timeout=timeout)
        await self.kill()

    async def kill(self) -> None:
        """End the process and its children as `kill -9` does; all are gone afterwards."""
        if not self.running:
            return
        children = _pidfds_of_children(self.pid)
        try:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(child, signal.SIGKILL)
            await self.wait()
            for child in children:
                await _ended(child)
        finally:
            for child in children:
                os.close(child)

    def log_tail(self) -> str:
        """Return the last lines this process wrote, as the end of an error message."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join([f"The end of {self._log}:", *lines[-_TAIL_LINES:]])


def _pidfds_of_children(pid: int) -> list[int]:
    """Return handles of the children that cannot come to mean another process."""
    try:
        pids = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    handles: list[int] = []
    for child in pids:
        with contextlib.suppress(ProcessLookupError):
            handles.append(os.pidfd_open(int(child)))
    return handles


async def _ended(pidfd: int) -> None:
    """Return once the process has ended: its handle becomes readable."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(pidfd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)
