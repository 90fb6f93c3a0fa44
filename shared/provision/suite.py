"""The schema for what all services share: a rehearsal clock, what crashes have left, the acts on dead letters."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.unsent import LEFT_UNSENT
from shared.db import role_name
from shared.provision.chain import SUITE_SCHEMA, suite_chain
from shared.provision.migrating import Migration
from shared.provision.versions import VERSION_TABLE


async def provision_suite(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Take the schema to its newest revision, open to the services `names`; return a line for each thing done.

    `connection` has no transaction open, before and after.
    """
    changes = await Migration(suite_chain()).run(connection)
    async with connection.begin():
        await connection.execute(text(f"REVOKE ALL ON FUNCTION {LEFT_UNSENT} FROM PUBLIC"))
        for name in names:
            for statement in (
                f"GRANT USAGE ON SCHEMA {SUITE_SCHEMA}",
                f"GRANT SELECT ON {SUITE_SCHEMA}.{VERSION_TABLE}",
                f"GRANT SELECT, INSERT ON {SUITE_SCHEMA}.clock",
                f"GRANT EXECUTE ON FUNCTION {LEFT_UNSENT}",
            ):
                await connection.execute(text(f'{statement} TO "{role_name(name)}"'))
    return changes
