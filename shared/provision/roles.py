"""One role of PostgreSQL per service."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import role_name


async def provision_roles(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Create the role of each of the services `names`; return a line for each that was not there."""
    changes: list[str] = []
    for name in names:
        role = role_name(name)
        exists = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if exists:
            continue
        # Roles belong to the whole server: another database's provisioning may create it at the same moment.
        await connection.execute(
            text(
                f'DO $$ BEGIN CREATE ROLE "{role}" NOLOGIN; '
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        )
        await connection.execute(text(f'GRANT "{role}" TO CURRENT_USER'))
        changes.append(f"role {role} created")
    return changes
