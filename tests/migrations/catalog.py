"""What a schema is, in PostgreSQL's own words: two that were made in different ways can be compared."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS: Final = """SELECT format('%s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, ' identity ' || nullif(a.attidentity::text, ''),
' default ' || pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = :schema AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"""
_INDEXES: Final = """SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema"""
_CONSTRAINTS: Final = """SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = (SELECT oid FROM pg_namespace WHERE nspname = :schema)"""
_OPTIONS: Final = """SELECT format('%s with %s', c.relname, (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind = 'r' AND c.reloptions IS NOT NULL"""
_FUNCTIONS: Final = """SELECT pg_get_functiondef(p.oid) FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = :schema"""
_TRIGGERS: Final = """SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND NOT t.tgisinternal"""


async def catalog(connection: AsyncConnection, schema: str) -> set[str]:
    """Return a line for each column, index, constraint, option, function and trigger but those of the version table."""
    found: set[str] = set()
    for query in (_COLUMNS, _INDEXES, _CONSTRAINTS, _OPTIONS, _FUNCTIONS, _TRIGGERS):
        found |= set((await connection.scalars(text(query), {"schema": schema})).all())
    return {line for line in found if "alembic_version" not in line}
