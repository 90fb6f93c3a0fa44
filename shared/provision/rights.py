"""What the role of a service may do: read and write the rows of its own schema, and nothing else, no DDL above all.

The schema belongs to the service's owner role. What that role creates later is open to the service from the start, so a
migration needs no grants of its own.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import owner_name, role_name
from shared.provision.migrating import LOCK_SECONDS, patiently
from shared.provision.versions import VERSION_TABLE

ROWS: Final = "SELECT, INSERT, UPDATE, DELETE"
_ATTEMPTS: Final = 60

_OWNER = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = :name"
_ANYBODY = (
    (
        "TEMPORARY ON DATABASE",
        "SELECT quote_ident(current_database()) WHERE has_database_privilege(:role, current_database(), 'TEMP')",
    ),
    ("CREATE ON SCHEMA", "SELECT 'public' WHERE has_schema_privilege(:role, to_regnamespace('public'), 'CREATE')"),
)
"""What PostgreSQL lets everybody make, or did in earlier versions, with the question for what a role may still."""


async def hand_over(connection: AsyncConnection, name: str) -> list[str]:
    """Give what the role of the service `name` owned, as earlier versions had it, to its owner role.

    Processes that work as that role go on: in the same transaction they get the rights that they keep. `connection` has
    no transaction open, before and after.
    """
    async with connection.begin():
        if await connection.scalar(text(_OWNER), {"name": name}) != role_name(name):
            return []

    async def reassign() -> None:
        async with connection.begin():
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            await connection.execute(text(f'REASSIGN OWNED BY "{role_name(name)}" TO "{owner_name(name)}"'))
            await _open(connection, name)

    await patiently(reassign, _ATTEMPTS)
    return [f"schema {name} belongs to {owner_name(name)}"]


async def promise_rights(connection: AsyncConnection, name: str) -> None:
    """See to it that what the owner role creates from now on is open to the service `name`."""
    owner, role = owner_name(name), role_name(name)
    for what in (f"{ROWS} ON TABLES", "USAGE ON SEQUENCES", "USAGE ON SCHEMAS"):
        await connection.execute(text(f'ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT {what} TO "{role}"'))


async def provision_rights(connection: AsyncConnection, name: str) -> list[str]:
    """Give the service `name` what it may do in its schema, take what it may not; return a line for what was wider.

    `connection` has no transaction open, before and after.
    """
    changes: list[str] = []
    async with connection.begin():
        await connection.execute(text(f'SET LOCAL ROLE "{owner_name(name)}"'))
        await _open(connection, name)
    async with connection.begin():
        for what, question in _ANYBODY:
            place = await connection.scalar(text(question), {"role": role_name(name)})
            if place is not None:
                await connection.execute(text(f"REVOKE {what} {place} FROM PUBLIC"))
                changes.append(f"{what.partition(' ')[0]} on {place} revoked from everybody")
    return changes


async def _open(connection: AsyncConnection, name: str) -> None:
    """Open the schema; the version of its tables is not the service's to write."""
    role = role_name(name)
    await connection.execute(text(f'GRANT USAGE ON SCHEMA "{name}" TO "{role}"'))
    await connection.execute(text(f'GRANT {ROWS} ON ALL TABLES IN SCHEMA "{name}" TO "{role}"'))
    await connection.execute(text(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{name}" TO "{role}"'))
    versions = f'"{name}".{VERSION_TABLE}'
    if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": versions}):
        await connection.execute(text(f'REVOKE INSERT, UPDATE, DELETE ON {versions} FROM "{role}"'))
