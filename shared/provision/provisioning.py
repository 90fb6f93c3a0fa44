"""Everything that the services need of the servers, made or updated in one go."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.attachments.bucket import ATTACHMENTS, RECORDS_DAYS, attachment_days
from shared.bus.streams import KEEP_DAYS, STREAMS
from shared.provision.errors import ProvisionError
from shared.provision.rights import hand_over, promise_rights, provision_rights
from shared.provision.roles import provision_passwords, provision_roles
from shared.provision.schemas import provision_schema
from shared.provision.streams import provision_consumer, provision_stream
from shared.provision.suite import provision_suite
from shared.service import Service

LOCK = 20231015001
ASK_SECONDS = 0.2
PATIENCE_SECONDS = 900.0


async def provision(
    engine: AsyncEngine,
    client: Client,
    services: Iterable[Service],
    *,
    replicas: int | None = None,
    keep_days: int = KEEP_DAYS,
    records_days: int = RECORDS_DAYS,
    passwords: Path | None = None,
) -> list[str]:
    """Create or update everything that `services` need; return a line for each thing that was changed.

    `replicas` nodes keep each stream; None leaves a stream as it is and puts a new one on one node. Messages stay on
    the streams for `keep_days`, attachments as long as records of `records_days` need them. With a directory of `passwords` the roles of the services may log in.
    """
    changes: list[str] = []
    wanted = list(services)
    names = [service.name for service in wanted]
    async with _alone(engine) as connection:
        async with connection.begin():
            changes += await provision_roles(connection, names)
            for name in names:
                await promise_rights(connection, name)
        changes += await provision_suite(connection, names)
        for service in wanted:
            changes += await hand_over(connection, service.name)
            changes += await provision_schema(connection, service)
            changes += await provision_rights(connection, service.name)
        if passwords is not None:
            async with connection.begin():
                changes += await provision_passwords(connection, names, passwords)
    jetstream = client.jetstream()
    for stream in STREAMS:
        changes += await provision_stream(jetstream, stream, replicas, keep_days)
    changes += await provision_stream(jetstream, ATTACHMENTS, replicas, attachment_days(records_days, keep_days))
    for service in wanted:
        changes += await provision_consumer(jetstream, service.consumer)
    return changes


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Yield a connection while which no other provisioning runs on this database; it has no transaction open.

    The lock is the session's and not a transaction's, for each schema commits by itself. Who waits for it asks again and
    again: waiting in one statement would be a transaction, and an index built beside the traffic waits for those.
    """
    async with engine.connect() as connection:
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE_SECONDS
        while not await connection.scalar(text(f"SELECT pg_try_advisory_lock({LOCK})")):
            await connection.commit()
            if loop.time() > until:
                raise ProvisionError(
                    f"another `yingda provision` has worked on this database for {PATIENCE_SECONDS:g} s"
                )
            await asyncio.sleep(ASK_SECONDS)
        await connection.commit()
        try:
            yield connection
        finally:
            await connection.rollback()
            await connection.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))
            await connection.commit()
