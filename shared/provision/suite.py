"""The schema for what all services share: a rehearsal clock, what crashes have left, the acts on dead letters."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.letter_acts import provision_history
from shared.bus.unsent import provision_left_unsent
from shared.db import role_name

SUITE_SCHEMA = "suite"


async def provision_suite(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Create the schema and what lies in it, open to the services `names`; return a line for each new table.

    Its clock holds the moment when a rehearsal clock began.
    """
    await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SUITE_SCHEMA}"))
    await connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {SUITE_SCHEMA}.clock "
            "(spec text PRIMARY KEY, anchor timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
    )
    for name in names:
        await connection.execute(text(f'GRANT USAGE ON SCHEMA {SUITE_SCHEMA} TO "{role_name(name)}"'))
        await connection.execute(text(f'GRANT SELECT, INSERT ON {SUITE_SCHEMA}.clock TO "{role_name(name)}"'))
    await provision_left_unsent(connection, list(names))
    return await provision_history(connection)
