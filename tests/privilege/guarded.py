"""Servers that let each user do what it needs and nothing else, as a deployment has them, and a user's own connection."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import nats
from nats.aio.client import Client

from shared.bus.connect import connect
from shared.bus.settle import settle
from shared.db import create_engine
from shared.permissions import OPERATIONS, installed_users
from shared.permissions.__main__ import FILE
from shared.permissions.secrets_folder import SecretsFolder, password_file
from shared.permissions.server_config import USERS_FILE
from shared.provision import provision
from shared.service import installed_services, service_names
from shared.settings import Settings
from shared.testing.embedded import EmbeddedNats, EmbeddedPostgres
from tests.polling import until

_VIOLATION = re.compile(r"\[ERR\].*(Violation|Authentication Error|authorization violation).*", re.IGNORECASE)
_HBA = """\
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


class GuardedNats(EmbeddedNats):
    """The embedded server with the users of `secrets` and the checked-in permissions."""

    def __init__(self, data_dir: Path, secrets: Path, tls: str = "") -> None:
        super().__init__(data_dir)
        self._secrets = secrets
        self._tls = tls
        self._reloads = 0
        self.permissions: str | None = None
        """Other permissions than the checked-in ones, as another policy's."""

    def copy_users(self) -> None:
        """Put the users where the server reads them."""
        shutil.copy(FILE, self.data_dir)
        if self.permissions is not None:
            (self.data_dir / FILE.name).write_text(self.permissions, encoding="utf-8")
        shutil.copy(self._secrets / "nats" / USERS_FILE, self.data_dir)

    async def reload(self) -> None:
        """Let the server read its users anew, as on a deployment; it goes on meanwhile."""
        self.copy_users()
        before = self._reload_lines()
        assert self.pid is not None
        os.kill(self.pid, signal.SIGHUP)
        await until(lambda: self._reload_lines() > before, 60, said="the server has read its users")

    @property
    def log(self) -> str:
        return (self.data_dir / "nats.log").read_text(encoding="utf-8")

    def violations(self) -> list[str]:
        """Return what the server has refused so far, a line for each."""
        return [line for line in self.log.splitlines() if _VIOLATION.search(line)]

    def _reload_lines(self) -> int:
        return self.log.count("Reloaded server configuration")

    def _config(self, name: str, port: int, monitoring_port: int) -> str:
        self.copy_users()
        return super()._config(name, port, monitoring_port) + f'include "{USERS_FILE}"\n{self._tls}'


@dataclass(slots=True)
class Speaker:
    """A connection of one user, and what the server has refused it."""

    name: str
    client: Client
    refusals: list[str] = field(default_factory=list)

    async def refused(self, act: Callable[[], Awaitable[object]]) -> list[str]:
        """Return what the server refuses of `act`; its errors come before its answer to the next ping."""
        before = len(self.refusals)
        with contextlib.suppress(nats.errors.Error):
            await act()
        await settle(self.client)
        return self.refusals[before:]

    async def publish(self, subject: str, body: bytes = b"{}") -> list[str]:
        """Publish, and return what the server refuses of it."""
        return await self.refused(lambda: self.client.publish(subject, body))

    async def subscribe(self, subject: str) -> list[str]:
        """Subscribe, and return what the server refuses of it."""
        return await self.refused(lambda: self.client.subscribe(subject))


@dataclass(frozen=True, slots=True)
class Guarded:
    """Both servers, provisioned, and the secrets of everybody."""

    nats: GuardedNats
    postgres: EmbeddedPostgres
    secrets: Path

    @property
    def folder(self) -> SecretsFolder:
        return secrets_folder(self.secrets)

    @property
    def database(self) -> str:
        """The address of the database without a user."""
        return self.postgres.url.rpartition("@")[2]

    def environment(self, user: str) -> dict[str, str]:
        """Return what a process that is `user` has in its environment; operations administer the database."""
        found = {
            "YINGDA_NATS_URL": self.nats.url,
            "YINGDA_NATS_NKEY_FILE": str(self.secrets / "nats" / f"{user}.nk"),
            "YINGDA_DATABASE_URL": f"postgresql://postgres@{self.database}",
        }
        if user in service_names():
            found["YINGDA_DATABASE_URL"] = f"postgresql://yingda_{user}@{self.database}"
            found["YINGDA_DATABASE_PASSWORD"] = self.password(user)
        if user == OPERATIONS:
            found["YINGDA_ROLE_PASSWORDS"] = str(self.secrets / "postgres")
        return found

    def settings(self, user: str) -> Settings:
        """Return the settings of a process that is `user`."""
        values = {name.removeprefix("YINGDA_").lower(): value for name, value in self.environment(user).items()}
        return Settings.model_validate(values)

    def password(self, service: str) -> str:
        return password_file(self.secrets / "postgres", service).read_text(encoding="ascii").strip()

    @contextlib.asynccontextmanager
    async def speaker(self, user: str) -> AsyncIterator[Speaker]:
        """Yield a connection of `user`, made as every process of the suite makes it."""
        client = await connect(self.settings(user), "test")
        speaker = Speaker(user, client)

        async def hear(error: Exception) -> None:
            speaker.refusals.append(str(error))

        client._error_cb = hear
        try:
            yield speaker
        finally:
            await client.close()

    async def provisioned(self) -> list[str]:
        """Provision as operations do; return what was changed."""
        settings = self.settings(OPERATIONS)
        engine, client = create_engine(settings), await connect(settings, "test")
        try:
            return await provision(engine, client, installed_services().values(), passwords=settings.role_passwords)
        finally:
            await client.close()
            await engine.dispose()


def secrets_folder(root: Path) -> SecretsFolder:
    return SecretsFolder(root, [user.name for user in installed_users()], service_names())


@contextlib.asynccontextmanager
async def guarded() -> AsyncIterator[Guarded]:
    """Yield servers that nobody speaks to without a key or a password; they are gone afterwards, with their data."""
    with tempfile.TemporaryDirectory(prefix="yingda-guarded-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        secrets = directory / "secrets"
        secrets_folder(secrets).complete()
        (directory / "nats").mkdir()
        postgres = EmbeddedPostgres(directory / "postgres")
        async with GuardedNats(directory / "nats", secrets) as bus, postgres:
            house = Guarded(bus, postgres, secrets)
            await house.provisioned()
            await _ask_for_passwords(postgres)
            yield house


async def _ask_for_passwords(postgres: EmbeddedPostgres) -> None:
    """Let the server ask everybody but its superuser for a password, which it does not do on one machine."""
    hba = postgres.data_dir / "cluster" / "pg_hba.conf"
    await asyncio.to_thread(hba.write_text, _HBA)
    assert await _answer(postgres, "SELECT bool_and(error IS NULL) FROM pg_hba_file_rules")
    before = await _answer(postgres, "SELECT pg_conf_load_time()")
    assert await _answer(postgres, "SELECT pg_reload_conf()")

    async def loaded() -> bool:
        """A new session knows when the server, which is told by a signal only, has read its files."""
        return bool(await _answer(postgres, "SELECT pg_conf_load_time()") != before)

    await until(loaded, 60, said="the server has read whom it asks")


async def _answer(postgres: EmbeddedPostgres, query: str) -> object:
    """Return what the server says to its superuser in a new session."""
    engine = create_engine(Settings(database_url=postgres.url.replace("+asyncpg", "")))
    try:
        async with engine.connect() as connection:
            return (await connection.exec_driver_sql(query)).scalar()
    finally:
        await engine.dispose()
