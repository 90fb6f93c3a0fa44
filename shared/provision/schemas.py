"""One schema of PostgreSQL per service, with its tables."""

import hashlib

from sqlalchemy import MetaData, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.db import role_name
from shared.provision.errors import ProvisionError


def digest(metadata: MetaData) -> str:
    """Return what identifies a version of a schema: the hash of its DDL."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    ddl: list[str] = []
    for table in metadata.sorted_tables:
        ddl.append(str(CreateTable(table).compile(dialect=dialect)))
        ddl += sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return hashlib.sha256("\n".join(ddl).encode()).hexdigest()[:16]


async def provision_schema(connection: AsyncConnection, name: str, metadata: MetaData) -> list[str]:
    """Create or update the schema of the service `name`; return a line if anything was changed."""
    wanted = digest(metadata)
    found = await schema_digest(connection, name)
    if found == wanted:
        return []
    role = role_name(name)
    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{name}" AUTHORIZATION "{role}"'))
    await connection.execute(text(f'SET LOCAL ROLE "{role}"'))
    await connection.run_sync(metadata.create_all)
    await connection.run_sync(_compare, metadata)
    await connection.execute(text(f"COMMENT ON SCHEMA \"{name}\" IS '{wanted}'"))
    await connection.execute(text("RESET ROLE"))
    return [f"schema {name} {'created' if found is None else 'updated'}"]


def _compare(connection: Connection, metadata: MetaData) -> None:
    """Refuse a table that lacks columns: adding them is a migration, and this version brings none."""
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        held = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
        missing = sorted(set(table.columns.keys()) - held)
        if missing:
            raise ProvisionError(f"the table {table.fullname} lacks {', '.join(missing)}: it is of another version")


async def schema_digest(connection: AsyncConnection, name: str) -> str | None:
    """Return the digest that the schema `name` was provisioned with; None where it was not."""
    query = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    found: str | None = await connection.scalar(query, {"name": name})
    return found
