"""Who provisions needs no superuser: a role that may create roles, and owns the database, is enough."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.connect import connect
from shared.db import create_engine, owner_name, role_name
from shared.permissions import OPERATIONS
from shared.provision import provision
from shared.service import installed_services
from shared.settings import Settings
from shared.testing.embedded import EmbeddedPostgres
from tests.privilege.guarded import Guarded


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database() -> AsyncIterator[str]:
    """Yield the address of an empty database whose owner may create roles, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="yingda-administrator-") as name:
        Path(name).chmod(0o711)
        async with EmbeddedPostgres(Path(name) / "postgres") as server:
            superuser = server.url.replace("+asyncpg", "")
            async with _connected(superuser) as connection:
                await connection.exec_driver_sql("CREATE ROLE administrator LOGIN CREATEROLE")
                await connection.exec_driver_sql("ALTER DATABASE yingda OWNER TO administrator")
            yield superuser.replace("postgres@", "administrator@")


async def test_an_administrator_without_more_rights_provisions_and_takes_over(house: Guarded, database: str) -> None:
    settings = house.settings(OPERATIONS).model_copy(update={"database_url": database})
    services = installed_services()
    first = await _provisioned(settings)
    assert {f"role {owner_name(name)} created" for name in services} <= set(first)
    assert "TEMPORARY on yingda revoked from everybody" in first
    assert [change for change in await _provisioned(settings) if "password" not in change] == []

    async with _connected(database) as connection:  # as a version before had left it
        for name in services:
            await connection.exec_driver_sql(f'REASSIGN OWNED BY "{owner_name(name)}" TO "{role_name(name)}"')
    again = await _provisioned(settings)
    assert {f"schema {name} belongs to {owner_name(name)}" for name in services} <= set(again)
    assert [change for change in await _provisioned(settings) if "password" not in change] == []


async def _provisioned(settings: Settings) -> list[str]:
    engine, client = create_engine(settings), await connect(settings, "test")
    try:
        return await provision(engine, client, installed_services().values(), passwords=settings.role_passwords)
    finally:
        await client.close()
        await engine.dispose()


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_engine(Settings(database_url=url))
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()
