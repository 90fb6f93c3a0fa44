"""The developer's way to a new revision: what the tables have more is written down, each part in its kind (ADR 0026)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.operations.ops import MigrateOperation
from nats import connect
from sqlalchemy import Column, Index, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine
from shared.provision import provision
from shared.provision.compare import differences
from shared.provision.kinds import not_expanding, operations_of
from shared.provision.revision import main, missing, write
from shared.provision.revisions import Revision, revision_of, scripts_of
from shared.service import Service
from shared.settings import Settings
from shared.testing.servers import Servers, fresh_database
from tests.migrations.chains import CHAINS, SERVICES, chain_with, until

SLA = SERVICES["sla"]
FIRST, SECOND = (f"{len(CHAINS['sla'].revisions) + n:04}" for n in (1, 2))


@pytest.fixture
async def engine(servers: Servers) -> AsyncIterator[AsyncEngine]:
    async with fresh_database(servers.database_url, "revision") as url:
        made = create_engine(Settings(database_url=url))
        yield made
        await made.dispose()


@pytest.fixture
def changed(tmp_path: Path) -> Service:
    """sla with other tables, and with its migrations in a folder that may be written to."""
    metadata = MetaData(schema="sla")
    for table in SLA.metadata.sorted_tables:
        table.to_metadata(metadata)
    return replace(until(SLA, "9999", tmp_path), metadata=metadata)


def written(service: Service, says: str, parts: list[list[MigrateOperation]]) -> list[tuple[Path, list[str]]]:
    return [write(service, says, part) for part in parts]


def loaded(service: Service, number: str) -> tuple[Revision, list[str]]:
    """Return the revision as its file has it, and what is said against it."""
    script = scripts_of(chain_with(service)).get_revision(number)
    assert script is not None
    revision = revision_of(script)
    return revision, not_expanding(operations_of(script.module), concurrently=revision.concurrently)


async def test_what_is_new_is_written_in_two_revisions_and_makes_the_tables(
    engine: AsyncEngine, changed: Service, servers: Servers, fresh_nats: str
) -> None:
    """An index on a table with rows is built beside the traffic, so it has a revision of its own."""
    clocks = changed.metadata.tables["sla.clocks"]
    clocks.append_column(Column("colour", Text))
    Index("clocks_by_colour", clocks.c.colour, postgresql_where=text("colour IS NOT NULL"))
    colours = Table("colours", changed.metadata, Column("name", Text, primary_key=True), Column("of", Text))
    Index("colours_of", colours.c.of)
    files = written(changed, "clocks have a colour", await missing(engine, changed))
    assert [(path.name, notes) for path, notes in files] == [
        (f"r{FIRST}_clocks_have_a_colour.py", []),
        (f"r{SECOND}_clocks_have_a_colour.py", []),
    ]
    assert loaded(changed, FIRST) == (Revision(FIRST, "clocks have a colour", None, concurrently=False), [])
    assert loaded(changed, SECOND) == (Revision(SECOND, "clocks have a colour", None, concurrently=True), [])
    client = await connect(fresh_nats)
    await provision(engine, client, [changed])
    await client.close()
    async with engine.connect() as connection:
        assert await connection.run_sync(differences, changed.metadata) == []


async def test_what_older_code_may_not_survive_is_marked_and_said(engine: AsyncEngine, changed: Service) -> None:
    clocks = changed.metadata.tables["sla.clocks"]
    changed.metadata.remove(clocks)
    kept = [column._copy() for column in clocks.columns if column.name != "about"]
    Table("clocks", changed.metadata, *kept)
    ((path, notes), _indexes) = written(changed, "Clocks forget what they are about", await missing(engine, changed))
    assert notes == ["DropColumnOp is a contract: it needs `oldest_code`"]
    assert loaded(changed, FIRST)[0].oldest_code == FIRST
    assert path.read_text().startswith('"""Clocks forget what they are about."""\n')


def test_where_nothing_is_missing_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(SLA.migrations[0].iterdir())
    assert main(["sla", "nothing at all"]) == 1
    assert capsys.readouterr().out == "the migrations of sla make the tables that its code has: nothing to write\n"
    assert sorted(SLA.migrations[0].iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "usage: "),
        (["", "x"], "usage: "),
        (["nobody", "x"], 'there is no service "nobody"; installed are feedback'),
    ],
)
def test_wrong_use_is_told(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(says)
