"""One schema of PostgreSQL per service, taken to the head of its migrations."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import owner_name
from shared.provision.chain import Chain, chain_of
from shared.provision.errors import ProvisionError
from shared.provision.migrating import Migration, reason_of
from shared.provision.revisions import scripts_of
from shared.provision.versions import create_version_table, insert_version, read_version, schema_mark
from shared.service import Service


async def provision_schema(connection: AsyncConnection, service: Service) -> list[str]:
    """Create the schema of `service`, or take it to its newest revision; return a line for each thing that was done.

    `connection` has no transaction open, before and after.
    """
    chain, owner = chain_of(service.name, service.migrations), owner_name(service.name)
    if chain.head is None:
        return await _empty(connection, service.name, owner)
    return await _adopt(connection, chain, owner) + await Migration(chain, owner).run(connection)


async def _empty(connection: AsyncConnection, name: str, owner: str) -> list[str]:
    """Create the schema of a service that keeps no tables."""
    async with connection.begin():
        if await connection.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": name}):
            return []
        await connection.execute(text(f'CREATE SCHEMA "{name}" AUTHORIZATION "{owner}"'))
    return [f"schema {name} created"]


async def _adopt(connection: AsyncConnection, chain: Chain, owner: str) -> list[str]:
    """Note the first revision for tables that a version from before the migrations has made, if they are the same."""
    first = chain.revisions[0]
    async with connection.begin():
        mark = await schema_mark(connection, chain.schema)
        if mark is None or await read_version(connection, chain.schema) is not None:
            return []
        if mark != getattr(scripts_of(chain).get_revision(first).module, "mark", None):
            raise ProvisionError(
                f"the schema {chain.schema} is of a version older than the first that can be migrated from: "
                "it needs a database of its own, or one that the last version before this has provisioned"
            )
        try:
            await connection.execute(text(f'SET LOCAL ROLE "{owner}"'))
            await connection.execute(text(create_version_table(chain.schema)))
            await connection.execute(text(insert_version(chain.schema)), {"revision": first, "runs": [first]})
        except SQLAlchemyError as error:
            raise ProvisionError(f"the schema {chain.schema} cannot be taken over: {reason_of(error)}") from error
    return [f"schema {chain.schema}: revision {first} is what it was"]
