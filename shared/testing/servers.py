"""Real servers for tests: those that are named, else containers, else the wheels' programs on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import nats
from sqlalchemy import MetaData, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine
from shared.settings import Settings
from shared.testing.containers import docker_answers, images_are_there, nats_container, postgres_container
from shared.testing.embedded import EmbeddedNats, EmbeddedServers

NATS_VARIABLE = "YINGDA_NATS_URL"
DATABASE_VARIABLE = "YINGDA_DATABASE_URL"
CHOICE_VARIABLE = "YINGDA_TEST_SERVERS"
"""`containers` or `embedded`: no other way then. Without it, containers where an engine can run them."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of a test run are; they belong to the run, except those named in the environment."""

    nats_url: str
    database_url: str
    """As SQLAlchemy takes it, `postgresql+asyncpg://…`; the role may create databases."""
    nats_is_embedded: bool = False
    """NATS is a program of this machine, so that a second one costs next to nothing."""


@contextlib.asynccontextmanager
async def real_servers(data_dir: Path, environ: Mapping[str, str] = os.environ) -> AsyncIterator[Servers]:
    """Yield both servers, answering.

    Each is the one named by `YINGDA_NATS_URL` or `YINGDA_DATABASE_URL`; else a container when a Docker engine answers
    that has the images or gets them; else a program of the `embedded` extra with its data in `data_dir`.
    `YINGDA_TEST_SERVERS` decides between the two. What was started is gone afterwards.
    """
    nats_url, database_url = environ.get(NATS_VARIABLE), environ.get(DATABASE_VARIABLE)
    async with AsyncExitStack() as stack:
        if not (nats_url and database_url) and await asyncio.to_thread(_in_containers, environ.get(CHOICE_VARIABLE)):
            nats_url = nats_url or await _started(stack, nats_container())
            database_url = database_url or await _started(stack, postgres_container())
        embedded = EmbeddedServers(data_dir, nats_url=nats_url, database_url=database_url)
        servers = await stack.enter_async_context(embedded)
        yield Servers(servers.nats_url, servers.database_url, nats_is_embedded=not nats_url)


@contextlib.asynccontextmanager
async def empty_nats(servers: Servers) -> AsyncIterator[str]:
    """Yield the URL of a NATS server without streams, for one test or one test file.

    It is a new one beside the run's: a stream that is made anew right after its namesake was deleted has been refused
    ("error creating store for stream"). Where the run's was named or is a container, that one is emptied instead.
    """
    if servers.nats_is_embedded:
        with tempfile.TemporaryDirectory(prefix="yingda-nats-") as name:
            async with EmbeddedNats(Path(name)) as own:
                yield own.url
        return
    await delete_all_streams(servers.nats_url)
    try:
        yield servers.nats_url
    finally:
        await delete_all_streams(servers.nats_url)


@contextlib.asynccontextmanager
async def fresh_database(server_url: str, label: str = "test", template: str = "template0") -> AsyncIterator[str]:
    """Yield the URL of a new database on the server of `server_url`; it is dropped afterwards.

    It is empty, or a copy of the database `template`, to which nobody may be connected.
    """
    name = f"{label}_{secrets.token_hex(4)}"
    await _execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        await _execute(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.asynccontextmanager
async def fresh_tables(server_url: str, metadata: MetaData) -> AsyncIterator[AsyncEngine]:
    """Yield the engine of a new database that holds the tables of `metadata`, empty."""
    async with fresh_database(server_url) as url:
        engine = create_engine(Settings(database_url=url))
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        try:
            yield engine
        finally:
            await engine.dispose()


def asyncpg_dsn(database_url: str) -> str:
    """Return the URL as asyncpg takes it: without SQLAlchemy's driver name."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


async def delete_all_streams(nats_url: str) -> None:
    """Leave no stream, and so no consumer and no key-value bucket, on the server."""
    client = await nats.connect(nats_url)
    try:
        jetstream = client.jetstream()
        while streams := await jetstream.streams_info():
            for stream in streams:
                await jetstream.delete_stream(str(stream.config.name))
    finally:
        await client.close()


def _in_containers(choice: str | None) -> bool:
    """Whether servers shall run in containers; `ValueError` for a choice that there is not."""
    if choice not in {None, "", "containers", "embedded"}:
        raise ValueError(f"{CHOICE_VARIABLE} is containers or embedded, not {choice}")
    return choice == "containers" or (not choice and docker_answers() and images_are_there())


async def _started(stack: AsyncExitStack, container: AbstractContextManager[str]) -> str:
    """Enter a blocking container off the event loop, and have it removed when the stack unwinds."""
    url = await asyncio.to_thread(container.__enter__)
    stack.push_async_callback(asyncio.to_thread, container.__exit__, None, None, None)
    return url


async def _execute(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(asyncpg_dsn(server_url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
