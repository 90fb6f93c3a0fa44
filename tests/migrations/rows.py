"""Rows of any table, so that an upgrade meets tables that are not empty."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS: Final = 3
_TABLES: Final = """SELECT c.relname, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns,
array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = :schema AND c.relkind = 'r' AND c.relname <> 'alembic_version'
AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = ''
GROUP BY c.relname"""
_VALUES: Final = {
    "text": "'x' || n",
    "bytea": "('x' || n)::bytea",
    "jsonb": "'{}'::jsonb",
    "boolean": "n % 2 = 0",
    "timestamp with time zone": "clock_timestamp() - n * interval '1 day'",
    "date": "current_date - n",
    "interval": "n * interval '1 hour'",
}
"""The others are numbers."""


async def fill(connection: AsyncConnection, schema: str) -> None:
    """Put some rows into every table of `schema`; what they refer to need not be there."""
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table, columns, types in (await connection.execute(text(_TABLES), {"schema": schema})).all():
        values = ", ".join(_VALUES.get(kind, "n") for kind in types)
        await connection.execute(
            text(
                f"INSERT INTO {schema}.{table} ({', '.join(columns)}) SELECT {values} FROM generate_series(1, {ROWS}) n"
            )
        )


async def counts(connection: AsyncConnection, schema: str) -> dict[str, int]:
    """Return how many rows each table of `schema` has."""
    tables = [row.relname for row in (await connection.execute(text(_TABLES), {"schema": schema})).all()]
    return {table: await connection.scalar(text(f"SELECT count(*) FROM {schema}.{table}")) or 0 for table in tables}
