"""The runtime's tables of every service that the database knows, whether or not its code is installed here."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.tables import RuntimeTables, runtime_tables
from shared.cli.errors import WrongUse
from shared.db import schema_of


async def service_tables(connection: AsyncConnection, service: str | None = None) -> Mapping[str, RuntimeTables]:
    """Return the runtime's tables by service, of all or of one; `WrongUse` where the database does not know that one."""
    query = "SELECT schemaname FROM pg_tables WHERE tablename = 'dead_letters' ORDER BY schemaname"
    names = list((await connection.execute(text(query))).scalars())
    if service is None:
        return {name: runtime_tables(schema_of(name)) for name in names}
    if service not in names:
        known = ", ".join(names) or "none: run `yingda provision`"
        raise WrongUse(f"the database has no service {service}; it has {known}")
    return {service: runtime_tables(schema_of(service))}
