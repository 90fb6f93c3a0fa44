"""The schemas go one version on while customers write, and the code of before goes on with them (ADR 0026).

What is still to come is played by revisions of the test's own: columns for the busiest tables, then indexes on them that
are built beside the traffic. The services are of this version throughout, before, during and, started anew, afterwards.
"""

import asyncio
from pathlib import Path

import pytest
from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine
from shared.provision import provision
from shared.service import Service
from shared.settings import Settings
from shared.testing.servers import Servers
from tests.faults.customers import Customers
from tests.faults.fleet import fleet_at
from tests.faults.test_replicas import late, nothing_lost, rounds
from tests.migrations.catalog import catalog
from tests.migrations.chains import SERVICES, Next, chain_with

BUSIEST = {
    "intake": ("contacts", "source_id"),
    "routing": ("work_orders", "contact_id"),
    "sla": ("clocks", "subject_id"),
    "notify": ("notifications", "work_order_id"),
    "feedback": ("cases", "contact_id"),
}


def versions_to_come(folder: Path) -> list[Service]:
    """Return the services as two revisions from now: a column in the busiest tables, then an index beside the traffic."""
    services = []
    for name, (table, column) in BUSIEST.items():
        later = Next(SERVICES[name], folder / name)
        later.write(
            *(f'op.add_column("{one}", sa.Column("later", sa.Text()), schema="{name}")' for one in (table, "outbox"))
        )
        index = (
            f'op.create_index("{table}_later", "{table}", ["later", "{column}"], schema="{name}", '
            "postgresql_concurrently=True, if_not_exists=True)"
        )
        services.append(later.write(index, marks=("concurrently = True",)))
    return services


async def upgraded(engine: AsyncEngine, client: Client, services: list[Service]) -> None:
    """Provision for `services`, and see that all of it is there."""
    changes = await provision(engine, client, services)
    assert len(changes) == 2 * len(services), changes
    async with engine.connect() as connection:
        for service in services:
            table, column = BUSIEST[service.name]
            lines = await catalog(connection, service.name)
            assert {f"{table}.later text", "outbox.later text"} <= lines
            assert f"CREATE INDEX {table}_later ON {service.name}.{table} USING btree (later, {column})" in lines
            query = f"SELECT version_num FROM {service.name}.alembic_version"
            assert await connection.scalar(text(query)) == chain_with(service).head


@pytest.mark.timeout(300)  # as long as a busy machine needs
async def test_the_schemas_are_upgraded_under_the_hands_of_services_that_lose_nothing(
    servers: Servers, tmp_path: Path
) -> None:
    """R-IN-06: no contact lost, no work order doubled; every process of the version before starts on what it finds."""
    async with fleet_at(servers) as (ships, client):
        engine = create_engine(Settings(database_url=ships.database_url))
        customers = Customers(client)
        async with customers.writing(rate=10):
            await customers.acknowledged(10)
            await upgraded(engine, client, versions_to_come(tmp_path))
            await customers.acknowledged(10)
            left = await ships.roll()
            await customers.acknowledged(10)
        await engine.dispose()
        await nothing_lost(ships, client, customers.book)
    assert [gone for gone in left if gone.code != 0] == []


@pytest.mark.slow_operations
@pytest.mark.timeout(600)
async def test_an_upgrade_of_busy_tables_with_many_rows_delays_nobody(servers: Servers, tmp_path: Path) -> None:
    """R-IN-06, R-SLA-09, R-NT-04: the indexes take seconds to build, and somebody holds a table for as long.

    A delay may be that of another program that takes the machine for itself: of three rounds one must be without.
    """
    for number, grown in enumerate(rounds()):
        async with fleet_at(servers, 2) as (ships, client):
            engine = create_engine(Settings(database_url=ships.database_url))
            await many_rows(engine)
            customers = Customers(client)
            await customers.write(80, rate=20)
            calm = set(customers.book.sent)
            async with customers.writing(rate=20), engine.connect() as holder:
                await holder.execute(text("SELECT count(*) FROM routing.work_orders"))
                upgrade = asyncio.create_task(upgraded(engine, client, versions_to_come(tmp_path / str(number))))
                await customers.acknowledged(60)
                assert not upgrade.done()
                await holder.rollback()
                await upgrade
                left = await ships.roll()
            await engine.dispose()
            found = await nothing_lost(ships, client, customers.book)
        assert [gone for gone in left if gone.code != 0] == []
        grown.append(late(found, customers.book, calm, customers.book.sent.keys() - calm))


async def many_rows(engine: AsyncEngine) -> None:
    """Let the tables that get an index be large enough for its building to take a while."""
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(
            text(
                "INSERT INTO feedback.cases SELECT 'old-' || n, 'OLD' || n, 'old-' || n, 'complaint', NULL, 'market', "
                "'normal', 1, 'closed', '', NULL, '', false, NULL, NULL, 'old', now(), now(), NULL, '[]' "
                "FROM generate_series(1, 500000) n"
            )
        )
