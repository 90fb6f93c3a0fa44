"""What the real PostgreSQL refuses the role of a service, which logs in with a password of its own (ADR 0027)."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from asyncpg.exceptions import InvalidPasswordError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine, owner_name, role_name
from shared.permissions import OPERATIONS
from shared.service import installed_services, service_names
from tests.privilege.guarded import Guarded

SERVICES = service_names()
NOT_ALLOWED = "42501"
"""`insufficient_privilege`."""


@contextlib.asynccontextmanager
async def engine_of(house: Guarded, name: str) -> AsyncIterator[AsyncEngine]:
    """Yield an engine as the process of the service has it; for operations the administrator's."""
    engine = create_engine(house.settings(name), role=name if name in SERVICES else None)
    try:
        yield engine
    finally:
        await engine.dispose()


async def refused(engine: AsyncEngine, statement: str) -> bool:
    """Return whether the server refuses `statement` for want of a right; nothing of it is left."""
    async with engine.connect() as connection:
        try:
            await connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != NOT_ALLOWED:
                raise
            return True
        finally:
            await connection.rollback()
    return False


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_reads_and_writes_its_own_tables(house: Guarded, name: str) -> None:
    async with engine_of(house, name) as engine:
        for table in installed_services()[name].metadata.sorted_tables:
            column = next(column.name for column in table.columns if column.identity is None)
            for statement in (
                f'SELECT "{column}" FROM {table.fullname} FOR UPDATE',
                f'UPDATE {table.fullname} SET "{column}" = "{column}" WHERE false',
                f"DELETE FROM {table.fullname} WHERE false",
                f"EXPLAIN INSERT INTO {table.fullname} OVERRIDING SYSTEM VALUE SELECT * FROM {table.fullname}",
            ):
                assert not await refused(engine, statement), statement
        assert not await refused(engine, "SELECT spec FROM suite.clock")


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_sees_nothing_of_the_others(house: Guarded, name: str) -> None:
    async with engine_of(house, name) as engine:
        for other in set(SERVICES) - {name}:
            for table in installed_services()[other].metadata.sorted_tables:
                assert await refused(engine, f"SELECT 1 FROM {table.fullname}"), table.fullname
                assert await refused(engine, f"DELETE FROM {table.fullname}"), table.fullname
        for statement in (
            "SELECT 1 FROM suite.dead_letter_acts",
            "UPDATE suite.clock SET anchor = anchor",
            "DELETE FROM suite.clock",
            "SELECT 1 FROM pg_authid",
            "SELECT pg_read_file('pg_hba.conf')",
            "COPY (SELECT 1) TO PROGRAM 'cat'",
        ):
            assert await refused(engine, statement), statement


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_changes_no_schema_at_run_time(house: Guarded, name: str) -> None:
    tables = installed_services()[name].metadata.sorted_tables
    first = tables[0].fullname
    async with engine_of(house, name) as engine:
        for statement in (
            f"CREATE TABLE {name}.mine (id int)",
            f"CREATE TABLE {name}.mine AS SELECT 1 AS id",
            "CREATE TABLE public.mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            f"CREATE VIEW {name}.mine AS SELECT 1 AS id",
            f"CREATE FUNCTION {name}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            f"CREATE SEQUENCE {name}.mine",
            f"CREATE INDEX ON {first} (({tables[0].columns.keys()[0]}))",
            f"UPDATE {name}.alembic_version SET version_num = '9999'",
            *(
                statement.format(table.fullname)
                for table in tables
                for statement in (
                    "ALTER TABLE {} ADD COLUMN mine int",
                    "ALTER TABLE {} DISABLE TRIGGER ALL",
                    "DROP TABLE {}",
                    "TRUNCATE {}",
                )
            ),
            f"DROP SCHEMA {name} CASCADE",
            f"COMMENT ON SCHEMA {name} IS 'mine'",
        ):
            assert await refused(engine, statement), statement


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_becomes_nobody_else(house: Guarded, name: str) -> None:
    others = [
        owner_name(name),
        "postgres",
        *(role(o) for o in set(SERVICES) - {name} for role in (role_name, owner_name)),
    ]
    async with engine_of(house, name) as engine:
        for other in others:
            assert await refused(engine, f'SET ROLE "{other}"'), other
            assert await refused(engine, f'SET SESSION AUTHORIZATION "{other}"'), other
        for statement in (
            f'ALTER ROLE "{role_name(name)}" SUPERUSER',
            f'ALTER ROLE "{owner_name(name)}" LOGIN',
            "CREATE ROLE mine",
            f'GRANT "{owner_name(name)}" TO "{role_name(name)}"',
        ):
            assert await refused(engine, statement), statement
        async with engine.connect() as connection:  # what begins as another cannot go back to more than it was
            await connection.exec_driver_sql("RESET ROLE")
            assert (await connection.exec_driver_sql("SELECT current_user")).scalar() == role_name(name)


async def is_not_let_in(engine: AsyncEngine) -> None:
    try:
        with pytest.raises((InvalidPasswordError, DBAPIError), match="authentication failed"):
            async with engine.connect():
                pass
    finally:
        await engine.dispose()


@pytest.mark.parametrize("name", SERVICES)
async def test_nobody_logs_in_with_anothers_password_or_none(house: Guarded, name: str) -> None:
    other = next(service for service in SERVICES if service != name)
    owner = f"postgresql://{owner_name(name)}@{house.database}"
    for changes in (
        {"database_password": house.password(other)},
        {"database_password": "wrong"},
        {"database_url": owner},
    ):
        values = house.settings(name).model_dump() | changes
        await is_not_let_in(create_engine(type(house.settings(name)).model_validate(values)))


async def test_what_earlier_versions_gave_the_service_goes_to_its_owner(house: Guarded) -> None:
    """Provisioning takes over a schema that belongs to the role that works in it, and says so."""
    async with engine_of(house, OPERATIONS) as administrator:
        async with administrator.begin() as connection:
            await connection.exec_driver_sql(f'REASSIGN OWNED BY "{owner_name("sla")}" TO "{role_name("sla")}"')
        async with engine_of(house, "sla") as engine:
            assert not await refused(engine, "CREATE TABLE sla.mine (id int)")
            assert "schema sla belongs to yingda_sla_owner" in await house.provisioned()
            assert await refused(engine, "CREATE TABLE sla.mine (id int)")
            assert not await refused(engine, "SELECT 1 FROM sla.clocks FOR UPDATE")


async def test_a_table_that_a_migration_adds_is_open_to_its_service_at_once(house: Guarded) -> None:
    async with engine_of(house, OPERATIONS) as administrator, engine_of(house, "sla") as engine:
        async with administrator.begin() as connection:
            await connection.exec_driver_sql(f'SET LOCAL ROLE "{owner_name("sla")}"')
            await connection.exec_driver_sql("CREATE TABLE sla.later (id bigserial PRIMARY KEY, said text)")
        try:
            assert not await refused(engine, "INSERT INTO sla.later (said) VALUES ('yes')")
            async with engine_of(house, "routing") as other:
                assert await refused(other, "SELECT 1 FROM sla.later")
        finally:
            async with administrator.begin() as connection:
                await connection.exec_driver_sql("DROP TABLE sla.later")


async def test_a_new_password_holds_after_provisioning_and_the_old_one_does_not(house: Guarded) -> None:
    before = house.settings("notify")
    house.folder.rotate_password("notify")
    await house.provisioned()
    async with engine_of(house, "notify") as engine:
        assert not await refused(engine, "SELECT 1")
    await is_not_let_in(create_engine(before, role="notify"))
