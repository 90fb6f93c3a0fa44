"""What a service asks the servers before it starts: that they are as its code wants them."""

from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.provision.chain import Chain, chain_of, suite_chain
from shared.provision.errors import NotProvisionedError
from shared.provision.streams import check_consumer
from shared.provision.versions import read_version, schema_mark
from shared.service import Service


async def check(connection: AsyncConnection, client: Client, service: Service) -> None:
    """Return if what `service` needs is as the code wants it; else `NotProvisionedError` says what is not."""
    await check_schema(connection, service)
    await check_consumer(client.jetstream(), service.consumer)


async def check_schema(connection: AsyncConnection, service: Service) -> None:
    """Return if the code of `service` runs on its schema and on what all share; else `NotProvisionedError`.

    It runs on a newer schema too, if every revision made since lets it (ADR 0026).
    """
    for chain in (chain_of(service.name, service.migrations), suite_chain()):
        if chain.head is not None:
            await _check(connection, chain)


async def _check(connection: AsyncConnection, chain: Chain) -> None:
    found, name = await read_version(connection, chain.schema), chain.schema
    if found is None and await schema_mark(connection, name) is None:
        raise NotProvisionedError(f"PostgreSQL has no schema {name} for this service: run `yingda provision`")
    if found is not None and chain.head in found.runs:
        return
    if found is None or found.revision in chain.revisions:
        at = "from before the migrations" if found is None else f"at revision {found.revision}"
        raise NotProvisionedError(
            f"the schema {name} is of another version, {at}, and this one needs {chain.head}: run `yingda provision`"
        )
    raise NotProvisionedError(
        f"the schema {name} is of another version, at revision {found.revision}, which the code of {chain.head} does "
        "not run on any more: run a newer version of Yingda"
    )
