"""Where a client command finds the servers: the environment's, else those of the suite that runs in the data directory."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import nats.errors
import typer
from nats.aio.client import Client

from shared.bus.connect import connect
from shared.cli.endpoints import FILE, read_endpoints
from shared.cli.environment import DATABASE_VARIABLE, NATS_VARIABLE, settings_of
from shared.cli.errors import CliError
from shared.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory of the running `yingda up`; else YINGDA_DATA, .yingda."),
]


def client_settings(data: Path | None = None) -> Settings:
    """Return the settings of a client command; `WrongUse` where the environment is not valid.

    A server that no variable names is the one of the suite that runs in `data`, if one does: so `yingda doctor` works
    beside a running `yingda up` without any variable set.
    """
    settings = settings_of({} if data is None else {"YINGDA_DATA": str(data)})
    endpoints = read_endpoints(settings.data)
    if endpoints is None:
        return settings
    found = {
        "nats_url": (NATS_VARIABLE, endpoints.nats_url),
        "database_url": (DATABASE_VARIABLE, endpoints.database_url),
    }
    changes = {field: url for field, (variable, url) in found.items() if not os.environ.get(variable)}
    return settings.model_copy(update=changes)


@asynccontextmanager
async def nats_client(settings: Settings) -> AsyncIterator[Client]:
    """Yield a connected client; `CliError` in a sentence where NATS does not answer."""
    try:
        client = await connect(settings, "cli")
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise CliError(f"NATS does not answer at {_bare(settings.nats_url)}{_hint(settings, NATS_VARIABLE)}") from error
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def database(settings: Settings, *, patient: bool = False) -> "AsyncIterator[AsyncEngine]":
    """Yield an engine on a database that answers; `CliError` in a sentence where it does not.

    A `patient` one lets a statement take what it needs.
    """
    from sqlalchemy import text  # noqa: PLC0415 (slow, and most commands need no database)
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 (same)

    from shared.db import COMMAND_SECONDS, create_engine, database_url  # noqa: PLC0415 (same)

    engine = create_engine(settings, command_seconds=None if patient else COMMAND_SECONDS)
    try:
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (OSError, TimeoutError, DBAPIError) as error:
            where = database_url(settings).render_as_string(hide_password=True)
            raise CliError(
                f"PostgreSQL does not answer at {where}{_hint(settings, DATABASE_VARIABLE)}: {_reason(error)}"
            ) from error
        yield engine
    finally:
        await engine.dispose()


def _bare(url: str) -> str:
    """Return the URL without user and password."""
    scheme, _, rest = url.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest.rpartition("@")[2]


def _hint(settings: Settings, variable: str) -> str:
    if os.environ.get(variable):
        return f" (named by {variable})"
    if read_endpoints(settings.data) is not None:
        return f" (named by {settings.data / FILE})"
    return f" (no suite runs in {settings.data}; start one with `yingda up`, or name the servers in the environment)"


def _reason(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return " ".join(str(original).split()).rpartition("'>: ")[2] or type(error).__name__
