"""`yingda provision` and the start of a service, on schemas of every age (ADR 0026)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import create_engine, owner_name
from shared.provision import NotProvisionedError, ProvisionError, check_schema, provision
from shared.provision.migrating import LOCK_SECONDS, Migration
from shared.provision.revisions import scripts_of
from shared.provision.versions import read_version
from shared.service import Service
from shared.settings import Settings
from shared.testing.servers import Servers, fresh_database
from tests.migrations.catalog import catalog
from tests.migrations.chains import CHAINS, SERVICES, Next, chain_with, until
from tests.polling import until as asked_until

SLA = SERVICES["sla"]
HEAD = CHAINS["sla"].head
NEXT = f"{int(HEAD or 0) + 1:04}"
AFTER = f"{int(HEAD or 0) + 2:04}"
COLUMN = 'op.add_column("clocks", sa.Column("colour", sa.Text()), schema="sla")'
BESIDE = ("concurrently = True",)
INDEX = (
    'op.create_index("clocks_by_grade", "clocks", ["grade"], schema="sla", '
    "postgresql_concurrently=True, if_not_exists=True)"
)


@pytest.fixture(scope="module")
async def template(servers: Servers, client: Client) -> AsyncIterator[str]:
    """The name of a database that sla's newest revision has been made in."""
    async with fresh_database(servers.database_url, "template") as url:
        made = create_engine(Settings(database_url=url))
        await provision(made, client, [SLA])
        await made.dispose()
        yield url.rpartition("/")[2]


@pytest.fixture
async def engine(servers: Servers, template: str, client: Client) -> AsyncIterator[AsyncEngine]:
    """A copy of it."""
    async with fresh_database(servers.database_url, "provisioned", template) as url:
        copy = create_engine(Settings(database_url=url))
        await provision(copy, client, [SLA])  # what belongs to a database and not to its content is not copied
        yield copy
        await copy.dispose()


@pytest.fixture
def later(tmp_path: Path) -> Next:
    return Next(SLA, tmp_path / "next")


async def execute(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def state(engine: AsyncEngine) -> tuple[Any, set[str]]:
    async with engine.connect() as connection:
        return await read_version(connection, "sla"), await catalog(connection, "sla")


async def refused(engine: AsyncEngine, service: Service) -> str:
    """Return why the service does not start."""
    async with engine.connect() as connection:
        with pytest.raises(NotProvisionedError) as error:
            await check_schema(connection, service)
    return str(error.value)


async def starts(engine: AsyncEngine, service: Service) -> None:
    async with engine.connect() as connection:
        await check_schema(connection, service)


async def test_each_revision_is_made_once_and_told_in_a_line(engine: AsyncEngine, client: Client, later: Next) -> None:
    later.write(COLUMN, says="clocks have a colour")
    service = later.write(INDEX, marks=BESIDE, says="clocks are found by grade")
    assert await provision(engine, client, [service]) == [
        f"schema sla: revision {NEXT}, clocks have a colour",
        f"schema sla: revision {AFTER}, clocks are found by grade",
    ]
    assert await provision(engine, client, [service]) == []
    _, lines = await state(engine)
    assert "clocks.colour text" in lines
    assert "CREATE INDEX clocks_by_grade ON sla.clocks USING btree (grade)" in lines


async def before_migrations(engine: AsyncEngine, client: Client, folder: Path, mark: str | None) -> None:
    """Make the schema as versions from before the migrations left it, with `mark` on it."""
    old = until(SLA, "0001", folder)
    await execute(engine, "DROP SCHEMA sla CASCADE")
    await provision(engine, client, [old])
    said = "NULL" if mark is None else f"'{mark}'"
    await execute(engine, "DROP TABLE sla.alembic_version", f"COMMENT ON SCHEMA sla IS {said}")


def mark_of_the_baseline() -> str:
    script = scripts_of(CHAINS["sla"]).get_revision("0001")
    assert script is not None
    return str(script.module.mark)


async def test_tables_from_before_the_migrations_are_taken_over(
    engine: AsyncEngine, client: Client, tmp_path: Path, later: Next
) -> None:
    """Their mark stays for as long as the code that looks for it runs on the schema."""
    _, wanted = await state(engine)
    await before_migrations(engine, client, tmp_path, mark_of_the_baseline())
    assert await refused(engine, SLA) == (
        f"the schema sla is of another version, from before the migrations, and this one needs {HEAD}: "
        "run `yingda provision`"
    )
    changes = await provision(engine, client, [SLA])
    assert changes[0] == "schema sla: revision 0001 is what it was"
    assert len(changes) == len(CHAINS["sla"].revisions)
    version, lines = await state(engine)
    assert (version.runs, lines) == (CHAINS["sla"].revisions, wanted)
    await starts(engine, SLA)
    query = text("SELECT obj_description('sla'::regnamespace)")
    async with engine.connect() as connection:
        assert await connection.scalar(query) == mark_of_the_baseline()
    contract = later.write('op.drop_column("clocks", "about", schema="sla")', marks=(f'oldest_code = "{HEAD}"',))
    await provision(engine, client, [contract])
    async with engine.connect() as connection:
        assert await connection.scalar(query) is None


async def test_tables_of_an_unknown_version_are_left_alone_and_refused_in_a_sentence(
    engine: AsyncEngine, client: Client, tmp_path: Path
) -> None:
    await before_migrations(engine, client, tmp_path, "0123456789abcdef")
    before = await state(engine)
    with pytest.raises(ProvisionError, match="the schema sla is of a version older than the first that can be migrat"):
        await provision(engine, client, [SLA])
    assert await state(engine) == before


async def test_tables_without_any_mark_are_left_alone(engine: AsyncEngine, client: Client, tmp_path: Path) -> None:
    await before_migrations(engine, client, tmp_path, None)
    before = await state(engine)
    with pytest.raises(ProvisionError, match=r"the schema sla is not created: its revision 0001 .* already exists"):
        await provision(engine, client, [SLA])
    assert await state(engine) == before


async def test_a_failed_revision_leaves_the_schema_as_it_was_and_says_which_and_why(
    engine: AsyncEngine, client: Client, later: Next
) -> None:
    """Also what the revision before it made in the same transaction is gone."""
    before = await state(engine)
    later.write(COLUMN)
    service = later.write("op.execute('ALTER TABLE sla.colours SET (fillfactor = 50)')", says="colours are compact")
    with pytest.raises(ProvisionError) as error:
        await provision(engine, client, [service])
    assert str(error.value) == (
        f"the schema sla stays at revision {HEAD}: its revision {AFTER} (colours are compact) failed: "
        'relation "sla.colours" does not exist'
    )
    assert await state(engine) == before
    (later.folder / f"r{AFTER}_next.py").unlink()
    assert len(await provision(engine, client, [service])) == 1


async def test_an_index_that_cannot_be_built_beside_the_traffic_leaves_nothing_half_built(
    engine: AsyncEngine, client: Client, later: Next
) -> None:
    await execute(engine, "INSERT INTO sla.inbox (message_id) VALUES ('1'), ('2')")
    before = await state(engine)
    service = later.write(
        'op.create_index("half", "inbox", [sa.text("(1 / (length(message_id) - 1))")], schema="sla", '
        "postgresql_concurrently=True, if_not_exists=True)",
        marks=BESIDE,
    )
    with pytest.raises(ProvisionError, match=f"stays at revision {HEAD}: its revision {NEXT} .*division by zero"):
        await provision(engine, client, [service])
    assert await state(engine) == before
    assert await provision(engine, client, [SLA]) == [], "the connection is as good as before"


async def test_an_index_whose_building_was_cut_off_is_built_anew(
    engine: AsyncEngine, client: Client, later: Next
) -> None:
    """PostgreSQL keeps it, invalid: IF NOT EXISTS alone would take it for made."""
    service = later.write(INDEX, marks=BESIDE)
    await execute(
        engine,
        "CREATE INDEX clocks_by_grade ON sla.clocks (grade)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sla.clocks_by_grade'::regclass",
    )
    assert len(await provision(engine, client, [service])) == 1
    _, lines = await state(engine)
    assert [line for line in lines if "clocks_by_grade" in line] == [
        "CREATE INDEX clocks_by_grade ON sla.clocks USING btree (grade)"
    ]


async def test_two_provisionings_at_once_are_one(engine: AsyncEngine, client: Client, later: Next) -> None:
    later.write(COLUMN)
    service = later.write(INDEX, marks=BESIDE)
    url = engine.url.render_as_string(hide_password=False)
    other = create_engine(Settings(database_url=url))
    both = await asyncio.gather(*(provision(one, client, [service]) for one in (engine, other)))
    await other.dispose()
    assert sorted(len(changes) for changes in both) == [0, 2]


async def test_a_table_that_is_held_is_waited_for_without_holding_up_those_who_come_after(
    engine: AsyncEngine, client: Client, later: Next
) -> None:
    """A statement in a table's queue lets nobody past, so it leaves the queue after a moment and comes again."""
    service = later.write(COLUMN)
    async with engine.connect() as holder, engine.connect() as reader:
        await holder.execute(text("SELECT count(*) FROM sla.clocks"))  # and its transaction stays open
        migrating = asyncio.create_task(provision(engine, client, [service]))
        longest, clock = 0.0, asyncio.get_running_loop().time
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'sla.clocks'::regclass "
            "AND mode = 'AccessExclusiveLock'"
        )
        met = 0
        while met < 2:
            met += bool(await reader.scalar(waiting))
            began = clock()
            await reader.execute(text("SELECT count(*) FROM sla.clocks"))
            longest = max(longest, clock() - began)
            await reader.rollback()
            assert not migrating.done()
        await holder.rollback()
        assert len(await migrating) == 1
    assert longest < LOCK_SECONDS + 10, "and not until the holder lets go"


async def test_a_table_that_is_held_for_ever_ends_the_waiting_with_a_sentence(engine: AsyncEngine, later: Next) -> None:
    chain = chain_with(later.write(COLUMN))
    before = await state(engine)
    async with engine.connect() as holder, engine.connect() as connection:
        await holder.execute(text("SELECT count(*) FROM sla.clocks"))
        with pytest.raises(ProvisionError, match="lock timeout; some transaction holds its table for long"):
            await Migration(chain, owner_name("sla"), attempts=2).run(connection)
    assert await state(engine) == before


async def test_older_code_starts_on_a_schema_whose_later_revisions_let_it(
    engine: AsyncEngine, client: Client, later: Next, tmp_path: Path
) -> None:
    await provision(engine, client, [later.write(COLUMN)])
    await starts(engine, SLA)
    await starts(engine, until(SLA, "0001", tmp_path))
    assert await provision(engine, client, [SLA]) == [], "and its own provisioning lets it be"


async def test_code_does_not_start_on_a_schema_that_has_gone_on_without_it(
    engine: AsyncEngine, client: Client, later: Next, tmp_path: Path
) -> None:
    """A contract names the oldest code that still runs; whoever is older says so, and that no provisioning helps."""
    later.write(COLUMN)
    contract = later.write('op.drop_column("clocks", "about", schema="sla")', marks=(f'oldest_code = "{NEXT}"',))
    await provision(engine, client, [contract])
    assert await refused(engine, SLA) == (
        f"the schema sla is of another version, at revision {AFTER}, which the code of {HEAD} does not run on any more: "
        "run a newer version of Yingda"
    )
    (later.folder / f"r{AFTER}_next.py").unlink()
    await starts(engine, contract)


async def test_code_does_not_start_on_a_schema_that_lacks_its_revision(
    engine: AsyncEngine, client: Client, later: Next
) -> None:
    service = later.write(COLUMN)
    assert await refused(engine, service) == (
        f"the schema sla is of another version, at revision {HEAD}, and this one needs {NEXT}: run `yingda provision`"
    )
    await provision(engine, client, [service])
    await starts(engine, service)


async def test_a_service_asks_for_the_schema_of_the_suite_as_its_own_role(engine: AsyncEngine) -> None:
    """The role reads both versions, and may change neither."""
    url = engine.url.render_as_string(hide_password=False)
    own = create_engine(Settings(database_url=url), role="sla")
    await starts(own, SLA)
    async with own.connect() as connection:
        assert await version_of_the_suite(connection) == CHAINS["suite"].head
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text("UPDATE suite.alembic_version SET runs = '{}'"))
    await own.dispose()
    await execute(engine, "UPDATE suite.alembic_version SET version_num = '0000', runs = '{0000}'")
    assert "the schema suite is of another version" in await refused(engine, SLA)


async def version_of_the_suite(connection: AsyncConnection) -> str | None:
    found = await read_version(connection, "suite")
    return found.revision if found is not None else None


def test_a_service_does_not_load_alembic() -> None:
    """It reads off the names of the files which revision is its own."""
    code = "import sys, shared.runner, shared.provision; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_provisioning_that_is_cut_off_is_repeated(engine: AsyncEngine, client: Client, later: Next) -> None:
    """Its session is ended, as by a kill or a restart of PostgreSQL, while it builds an index: the next one builds it."""
    service = later.write(INDEX, marks=BESIDE)
    building = text("SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()")
    async with engine.connect() as holder, engine.connect() as watcher:
        await holder.execute(text("SELECT count(*) FROM sla.clocks"))
        cut_off = asyncio.create_task(provision(engine, client, [service]))
        await watcher.execution_options(isolation_level="AUTOCOMMIT")
        await asked_until(lambda: watcher.scalar(building), 60)
        await watcher.execute(text(f"SELECT pg_terminate_backend(({building}))"))
        with pytest.raises(ProvisionError, match=f"stays at revision {HEAD}: its revision {NEXT} .*closed"):
            await cut_off
        await holder.rollback()
    _, lines = await state(engine)
    assert [line for line in lines if line.endswith(" invalid")], "it is half built"
    assert len(await provision(engine, client, [service])) == 1
    _, lines = await state(engine)
    assert "CREATE INDEX clocks_by_grade ON sla.clocks USING btree (grade)" in lines
    assert not [line for line in lines if line.endswith(" invalid")]
