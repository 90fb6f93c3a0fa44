"""The servers of a command that may find none running: they are started for as long as it takes."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.cli.endpoints import read_endpoints
from shared.cli.environment import DATABASE_VARIABLE, NATS_VARIABLE
from shared.cli.errors import CliError
from shared.settings import Settings
from shared.testing.embedded import EmbeddedError, EmbeddedServers


@asynccontextmanager
async def servers_for(settings: Settings) -> AsyncIterator[Settings]:
    """Yield where the servers are: the environment's, those of the running suite, else those of its data directory.

    The last are started for as long as this takes, so that one machine needs no suite that runs to be restored.
    """
    named = [os.environ.get(variable) for variable in (NATS_VARIABLE, DATABASE_VARIABLE)]
    if all(named) or read_endpoints(settings.data) is not None:
        yield settings
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        async with EmbeddedServers(settings.data.absolute(), nats_url=named[0], database_url=named[1]) as servers:
            yield settings.model_copy(update={"nats_url": servers.nats_url, "database_url": servers.database_url})
    except EmbeddedError as error:
        raise CliError(str(error)) from error
