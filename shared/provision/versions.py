"""The version table of a schema: at which revision it is, and the code of which revisions runs on it (ADR 0026).

It is alembic's own table of one row, with the second answer beside the first.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

VERSION_TABLE: Final = "alembic_version"


@dataclass(frozen=True, slots=True)
class Version:
    """`runs` are the revisions whose code runs on the schema as it is: `revision` itself, and those that survive it."""

    revision: str
    runs: tuple[str, ...]


def create_version_table(schema: str) -> str:
    """Return the DDL of the table."""
    return (
        f'CREATE TABLE IF NOT EXISTS "{schema}".{VERSION_TABLE} (version_num varchar(32) PRIMARY KEY, '
        "runs text[] NOT NULL DEFAULT '{}', applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )


def insert_version(schema: str) -> str:
    """Return the statement that notes `revision` and `runs` for tables that are there without a version."""
    return f'INSERT INTO "{schema}".{VERSION_TABLE} (version_num, runs) VALUES (:revision, :runs)'


def update_version(schema: str) -> str:
    """Return the statement that notes `runs` for the revision that the table holds."""
    return f'UPDATE "{schema}".{VERSION_TABLE} SET runs = :runs, applied_at = clock_timestamp()'


async def read_version(connection: AsyncConnection, schema: str) -> Version | None:
    """Return the version of `schema`; None where no revision has made it."""
    table = f'"{schema}".{VERSION_TABLE}'
    if not await connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}):
        return None
    row = (await connection.execute(text(f"SELECT version_num, runs FROM {table}"))).one_or_none()
    return None if row is None else Version(row.version_num, tuple(row.runs))


async def schema_mark(connection: AsyncConnection, name: str) -> str | None:
    """Return the comment of the schema `name`, where versions from before the migrations kept their mark."""
    query = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    found: str | None = await connection.scalar(query, {"name": name})
    return found
