"""What a service asks the servers before it starts: that they are as its code wants them."""

from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.provision.errors import NotProvisionedError
from shared.provision.schemas import digest, schema_digest
from shared.provision.streams import check_consumer
from shared.service import Service


async def check(connection: AsyncConnection, client: Client, service: Service) -> None:
    """Return if what `service` needs is as the code wants it; else `NotProvisionedError` says what is not."""
    await check_schema(connection, service)
    await check_consumer(client.jetstream(), service.consumer)


async def check_schema(connection: AsyncConnection, service: Service) -> None:
    """Return if the schema of `service` is the one that its code wants; else `NotProvisionedError`."""
    found = await schema_digest(connection, service.name)
    if found is None:
        raise NotProvisionedError(f"PostgreSQL has no schema {service.name} for this service: run `yingda provision`")
    if found != digest(service.metadata):
        raise NotProvisionedError(f"the schema {service.name} is of another version: run `yingda provision`")
