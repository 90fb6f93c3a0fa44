"""The tables of PostgreSQL: out by COPY in one snapshot, and in by COPY in one transaction.

COPY is of the server itself, so no `pg_dump` is needed, which would have to be as new as the server. The tables are
made by the revisions of this version; only their rows are in a backup.
"""

import gzip
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.backup.files import CHUNK, packed, written
from shared.backup.manifest import Manifest, TableKept
from shared.provision.chain import SUITE_SCHEMA
from shared.provision.versions import VERSION_TABLE, read_version
from shared.service import Service

LONGEST_SECONDS: Final = 86_400.0
"""For one table; a connection of ours allows a statement a minute otherwise."""
_TABLES: Final = text(
    "SELECT n.nspname AS schema, c.relname AS name, (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a "
    "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname = ANY(:schemas) AND c.relname <> :versions ORDER BY 1, 2"
)
_SEQUENCES: Final = text(
    "SELECT schemaname || '.' || sequencename AS name, last_value FROM pg_sequences "
    "WHERE schemaname = ANY(:schemas) AND last_value IS NOT NULL ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class TableFound:
    """One table as it is on the server."""

    schema: str
    name: str
    columns: tuple[str, ...]

    @property
    def qualified(self) -> str:
        """Its name in SQL."""
        return f'"{self.schema}"."{self.name}"'


def schemas_of(services: Sequence[Service]) -> list[str]:
    """Return the schemas that a backup holds."""
    return [SUITE_SCHEMA, *(service.name for service in services)]


async def tables_in(connection: AsyncConnection, services: Sequence[Service]) -> list[TableFound]:
    """Return the tables of the services; those that others refer to come first."""
    rows = await connection.execute(_TABLES, {"schemas": schemas_of(services), "versions": VERSION_TABLE})
    found = [TableFound(row.schema, row.name, tuple(row.columns)) for row in rows]
    declared = [(service.name, table.name) for service in services for table in service.metadata.sorted_tables]
    place = {key: number for number, key in enumerate(declared)}
    return sorted(found, key=lambda table: place.get((table.schema, table.name), -1))


async def sequences_in(connection: AsyncConnection, services: Sequence[Service]) -> dict[str, int]:
    """Return the last value of each sequence that was used."""
    rows = await connection.execute(_SEQUENCES, {"schemas": schemas_of(services)})
    return {row.name: row.last_value for row in rows}


async def revisions_in(connection: AsyncConnection, services: Sequence[Service]) -> dict[str, str]:
    """Return the revision of each schema that has one."""
    found = {name: await read_version(connection, name) for name in schemas_of(services)}
    return {name: version.revision for name, version in found.items() if version is not None}


async def keep_table(connection: AsyncConnection, table: TableFound, directory: Path) -> TableKept:
    """Write the rows of `table` as the transaction of `connection` sees them."""
    driver = await _driver(connection)
    with written(directory, f"{table.schema}.{table.name}.copy.gz") as writing, packed(writing) as file:

        async def take(data: bytes) -> None:
            file.write(data)

        done: str = await driver.copy_from_table(
            table.name, schema_name=table.schema, columns=table.columns, output=take, timeout=LONGEST_SECONDS
        )
    return TableKept(
        schema_name=table.schema,
        table=table.name,
        columns=table.columns,
        rows=int(done.rpartition(" ")[2]),
        file=writing.kept,
    )


async def load_tables(connection: AsyncConnection, manifest: Manifest, directory: Path) -> None:
    """Put the rows of the backup in the place of whatever the tables hold, inside the transaction of `connection`."""
    for kept in reversed(manifest.tables):  # what a service has written at its first start, as a key
        name = f'"{kept.schema_name}"."{kept.table}"'
        if await connection.scalar(text(f"SELECT true FROM {name} LIMIT 1")):
            await connection.execute(text(f"DELETE FROM {name}"))
    driver = await _driver(connection)
    for kept in manifest.tables:
        await driver.copy_to_table(
            kept.table,
            schema_name=kept.schema_name,
            columns=kept.columns,
            source=_chunks(directory / kept.file.name),
            timeout=LONGEST_SECONDS,
        )
    for name, value in manifest.sequences.items():
        await connection.execute(text("SELECT setval(CAST(:name AS regclass), :value)"), {"name": name, "value": value})


async def tell_again(connection: AsyncConnection, manifest: Manifest, services: Sequence[Service]) -> int:
    """Mark as unpublished what was published since the backup began: the streams of the backup may not have it.

    Whoever publishes it again harms nobody: the streams and the inboxes know what they have.
    """
    told = 0
    for service in services:
        outbox = service.tables.outbox
        unsent = outbox.update().where(outbox.c.sent_at >= manifest.began_at).values(sent_at=None)
        told += (await connection.execute(unsent)).rowcount
    return told


async def counted(connection: AsyncConnection, manifest: Manifest) -> dict[str, int]:
    """Return how many rows each table of the backup holds now."""
    found = {}
    for kept in manifest.tables:
        query = text(f'SELECT count(*) FROM "{kept.schema_name}"."{kept.table}"')
        found[f"{kept.schema_name}.{kept.table}"] = int((await connection.execute(query)).scalar_one())
    return found


async def _driver(connection: AsyncConnection) -> Any:
    """Return asyncpg's own connection, inside the transaction that SQLAlchemy begins with its first statement."""
    await connection.execute(text("SELECT"))
    return (await connection.get_raw_connection()).driver_connection


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with gzip.open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
