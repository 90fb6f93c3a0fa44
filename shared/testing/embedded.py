"""NATS and PostgreSQL on this machine, nothing installed and nothing left behind: for `yingda up` and for tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shared.testing.embedded_errors import (
    BinaryMissingError,
    DataDirectoryInUseError,
    EmbeddedError,
    PortTakenError,
    ServerNotEmbeddedError,
    ServerStartError,
)
from shared.testing.embedded_nats import EmbeddedNats
from shared.testing.embedded_postgres import EmbeddedPostgres
from shared.testing.lifetime import Lifetime

__all__ = [
    "BinaryMissingError",
    "DataDirectoryInUseError",
    "EmbeddedError",
    "EmbeddedNats",
    "EmbeddedPostgres",
    "EmbeddedServers",
    "PortTakenError",
    "ServerNotEmbeddedError",
    "ServerStartError",
]


class EmbeddedServers(Lifetime):
    """Both servers, with their data in `data_dir/nats` and `data_dir/postgres`; one given by URL is not started.

    Addresses stay the same over restarts and kills. The servers die with the thread that called `start`, also when
    that is killed; they do not see the terminal's Ctrl-C, so they outlive what uses them.
    """

    def __init__(self, data_dir: Path, *, nats_url: str | None = None, database_url: str | None = None) -> None:
        self._given_nats_url = nats_url
        self._given_database_url = database_url
        self._nats = None if nats_url else EmbeddedNats(data_dir / "nats")
        self._postgres = None if database_url else EmbeddedPostgres(data_dir / "postgres")

    @property
    def nats(self) -> EmbeddedNats:
        """The NATS server started here; ServerNotEmbeddedError when its URL was given."""
        if self._nats is None:
            raise ServerNotEmbeddedError
        return self._nats

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The PostgreSQL server started here; ServerNotEmbeddedError when its URL was given."""
        if self._postgres is None:
            raise ServerNotEmbeddedError
        return self._postgres

    @property
    def nats_url(self) -> str:
        """`nats://HOST:PORT`."""
        return self._given_nats_url or self.nats.url

    @property
    def database_url(self) -> str:
        """`postgresql+asyncpg://…`, as SQLAlchemy takes it."""
        return self._given_database_url or self.postgres.url

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of those started here and running, by `nats` and `postgres`."""
        pids = {
            "nats": self._nats.pid if self._nats else None,
            "postgres": self._postgres.pid if self._postgres else None,
        }
        return {name: pid for name, pid in pids.items() if pid is not None}

    async def start(self) -> None:
        """Both answer on return; when one cannot start, neither runs.

        Raises:
            EmbeddedError: see `EmbeddedNats.start` and `EmbeddedPostgres.start`.

        """
        outcomes = await asyncio.gather(*(server.start() for server in self._started()), return_exceptions=True)
        failures = [outcome for outcome in outcomes if outcome is not None]
        if failures:
            await self.stop()
            raise failures[0]

    async def stop(self) -> None:
        """Stop both in good order; no process is left on return."""
        await asyncio.gather(*(server.stop() for server in self._started()))

    async def restart_nats(self) -> None:
        """Stop NATS when it runs, and start it on the same port and data."""
        await self.nats.restart()

    async def restart_postgres(self) -> None:
        """Stop PostgreSQL when it runs, and start it on the same port and data."""
        await self.postgres.restart()

    async def kill_nats(self) -> None:
        """`kill -9`; it is gone on return and `restart_nats` brings it back."""
        await self.nats.kill()

    async def kill_postgres(self) -> None:
        """`kill -9`, backends included; it is gone on return and `restart_postgres` brings it back."""
        await self.postgres.kill()

    def _started(self) -> list[EmbeddedNats | EmbeddedPostgres]:
        return [server for server in (self._nats, self._postgres) if server is not None]
