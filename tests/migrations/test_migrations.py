"""What the migrations make is what the code has, from wherever a database comes (ADR 0026)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.letter_acts import acts
from shared.db import create_engine
from shared.provision import provision
from shared.provision.compare import differences
from shared.settings import Settings
from shared.testing.servers import Servers, fresh_database
from tests.migrations.catalog import catalog
from tests.migrations.chains import CHAINS, SERVICES, until
from tests.migrations.rows import ROWS, counts, fill

STEPS = [(name, number) for name in SERVICES for number in CHAINS[name].revisions[:-1]]
BY_HAND = {"clock"}
"""A table of the schema `suite` without metadata: its statements are in `shared.rehearsal`."""


@pytest.fixture(scope="module")
async def migrated(database_url: str, client: Client) -> AsyncIterator[AsyncEngine]:
    """A database as `yingda provision` makes it."""
    engine = create_engine(Settings(database_url=database_url))
    await provision(engine, client, SERVICES.values())
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
async def created(servers: Servers) -> AsyncIterator[AsyncEngine]:
    """A database with the tables as the code has them, made in one go."""
    async with fresh_database(servers.database_url, "created") as url:
        engine = create_engine(Settings(database_url=url))
        async with engine.begin() as connection:
            for service in SERVICES.values():
                await connection.execute(text(f"CREATE SCHEMA {service.name}"))
                await connection.run_sync(service.metadata.create_all)
        yield engine
        await engine.dispose()


@pytest.mark.parametrize("name", SERVICES)
async def test_the_migrations_make_the_tables_that_the_code_has(
    migrated: AsyncEngine, created: AsyncEngine, name: str
) -> None:
    """By alembic's comparison, and by what PostgreSQL itself says of columns, indexes, constraints and options."""
    async with migrated.connect() as made, created.connect() as wanted:
        assert await made.run_sync(differences, SERVICES[name].metadata) == []
        assert await catalog(made, name) == await catalog(wanted, name)


async def test_the_migrations_of_the_suite_make_the_table_that_the_code_has(migrated: AsyncEngine) -> None:
    async with migrated.connect() as connection:
        found = await connection.run_sync(differences, acts.metadata)
    assert [getattr(one, "table_name", one) for one in found] == sorted(BY_HAND)


async def test_a_table_that_has_otherwise_is_found(migrated: AsyncEngine) -> None:
    """The comparison is not empty because it compares nothing."""
    async with migrated.connect() as connection, connection.begin() as transaction:
        await connection.execute(text("ALTER TABLE sla.clocks DROP COLUMN edition, ALTER COLUMN cycle TYPE bigint"))
        await connection.execute(text("DROP INDEX sla.clocks_live"))
        found = await connection.run_sync(differences, SERVICES["sla"].metadata)
        await transaction.rollback()
    assert sorted(type(one).__name__ for one in found) == ["AddColumnOp", "AlterColumnOp", "CreateIndexOp"]


@pytest.mark.parametrize(("name", "number"), STEPS)
async def test_an_upgrade_from_every_revision_keeps_every_row(
    servers: Servers, migrated: AsyncEngine, client: Client, tmp_path: Path, name: str, number: str
) -> None:
    old = until(SERVICES[name], number, tmp_path)
    async with fresh_database(servers.database_url, "upgraded") as url:
        engine = create_engine(Settings(database_url=url))
        await provision(engine, client, [old])
        async with engine.begin() as connection:
            await fill(connection, name)
            filled = await counts(connection, name)
        changes = await provision(engine, client, [SERVICES[name]])
        async with engine.connect() as connection, migrated.connect() as wanted:
            kept = await counts(connection, name)
            assert {kept[table] for table in filled} == {ROWS}
            assert await catalog(connection, name) == await catalog(wanted, name)
        await engine.dispose()
    later = CHAINS[name].revisions[CHAINS[name].revisions.index(number) + 1 :]
    assert [line.partition(",")[0] for line in changes] == [f"schema {name}: revision {one}" for one in later]
