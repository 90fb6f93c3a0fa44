"""The supervisor's side of the nursery: forks processes there and follows them to their end."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from shared.cli.log_files import last_line, size
from shared.cli.nursery_child import PACKET_BYTES
from shared.testing.processes import ChildProcess

STOP_SECONDS = 5.0


class NurseryError(Exception):
    """The nursery ended before it could start the process; the message says how, in its own last words."""


class ForkedProcess:
    """A process that the nursery forked. It dies with the nursery, and the nursery with us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        try:
            self._handle: int | None = os.pidfd_open(pid)  # it cannot come to mean another process
        except ProcessLookupError:
            self._handle = None

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return not self._code.done()

    async def wait(self) -> int:
        """Return the exit code once the process has ended (negative: the signal that ended it)."""
        return await asyncio.shield(self._code)

    async def stop(self, grace_seconds: float) -> None:
        """Ask for an orderly end by SIGTERM; after the grace, kill. The process is gone on return."""
        self._send(signal.SIGTERM)
        await asyncio.wait({self._code}, timeout=grace_seconds)
        await self.kill()

    def hang_up(self) -> None:
        """Send SIGHUP, at which a service reads its policy again."""
        self._send(signal.SIGHUP)

    async def kill(self) -> None:
        """End the process as `kill -9` does; it is gone on return."""
        self._send(signal.SIGKILL)
        await self.wait()

    def ended(self, code: int) -> None:
        """Note that the process has ended."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        if not self._code.done():
            self._code.set_result(code)

    def _send(self, number: signal.Signals) -> None:
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)


class NurseryClient:
    """Keeps one nursery, started when it is first needed and again when it has ended."""

    def __init__(self, log: Path, services: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = log
        self._services = services
        self._environment = environment
        self._log_begin = 0
        self._child: ChildProcess | None = None
        self._socket: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._asked: deque[asyncio.Future[ForkedProcess]] = deque()
        self._forked: dict[int, ForkedProcess] = {}

    async def start(self) -> None:
        """Have a nursery; it imports while we go on, and answers when it has."""
        async with self._starting:
            if self._socket is not None:
                return
            self._log_begin = size(self._log)
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.setblocking(False)
            with theirs:
                self._child = await ChildProcess.spawn(
                    [sys.executable, "-m", "shared.cli.nursery", str(theirs.fileno()), *self._services],
                    log=self._log,
                    stop_signal=signal.SIGKILL,
                    inherit=[theirs.fileno()],
                    environment=self._environment,
                    directory=Path.cwd(),
                )
            self._socket = ours
            asyncio.get_running_loop().add_reader(ours, self._read)

    async def fork(self, arguments: Sequence[str], environment: Mapping[str, str], fds: Sequence[int]) -> ForkedProcess:
        """Start `yingda ARGUMENTS...` with `environment` laid over the nursery's; `fds` are log, lock and ready pipe.

        `NurseryError` where the nursery ends before; the next call starts a new one.
        """
        await self.start()
        if self._socket is None:
            raise NurseryError(self._end())
        answer: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        request = json.dumps({"arguments": arguments, "environment": environment}).encode()
        try:
            socket.send_fds(self._socket, [request], list(fds))
        except OSError as error:
            raise NurseryError(self._end()) from error
        self._asked.append(answer)
        return await answer  # cancelled with us: whoever stops during the start leaves no answer that nobody reads

    async def stop(self) -> None:
        """End the nursery, and with it whatever it forked that still runs."""
        self._lose()
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            packet = self._socket.recv(PACKET_BYTES)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._lose()
            return
        message = json.loads(packet)
        if "started" in message:
            process = ForkedProcess(message["started"])
            self._forked[process.pid] = process
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_result(process)
        elif (process_or_none := self._forked.pop(message["ended"], None)) is not None:
            process_or_none.ended(message["code"])

    def _lose(self) -> None:
        """Forget a nursery that has ended; the kernel has killed what it forked."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        while self._asked:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(NurseryError(self._end()))
        for process in self._forked.values():
            process.ended(-signal.SIGKILL)
        self._forked.clear()

    def _end(self) -> str:
        """Return in a sentence why there is no nursery: most often what it imports does not import."""
        return f"the process that all services are forked from has ended: {last_line(self._log, self._log_begin)}"
