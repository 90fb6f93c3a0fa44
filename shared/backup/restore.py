"""Bringing a backup onto empty servers: all of it or nothing, and counted afterwards."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.backup.errors import BackupError, DamagedError, NotEmptyError
from shared.backup.files import verify
from shared.backup.manifest import Manifest
from shared.backup.streams import restore_stream, restore_tail, state_of
from shared.backup.tables import counted, load_tables, revisions_in, tell_again
from shared.provision import provision
from shared.service import Service

ACTS: Final = "suite.dead_letter_acts"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and how much of it the services tell again."""

    manifest: Manifest
    told_again: int
    """Rows of the outboxes that are published again; the streams and the inboxes drop what they know."""


def examined(directory: Path) -> Manifest:
    """Return what the backup in `directory` holds, every file of it checked; `DamagedError` says what is wrong."""
    manifest = Manifest.read(directory)
    verify(directory, manifest)
    return manifest


async def restore(
    engine: AsyncEngine,
    client: Client,
    services: Sequence[Service],
    directory: Path,
    *,
    replicas: int = 1,
    again: bool = False,
) -> Restored:
    """Bring the backup in `directory` onto servers that hold nothing yet, while no service runs.

    `again` removes the streams of a restore that was broken off; the database takes all or nothing.

    Raises:
        DamagedError: it is no whole backup, or was made by another version.
        NotEmptyError: the servers hold something, or a service works on them.
        BackupError: a server refuses it; the streams that were made are gone again.

    """
    manifest = examined(directory)
    async with engine.connect() as connection:
        await _refuse_company(connection)
    await provision(engine, client, services)
    async with engine.connect() as connection:
        await _refuse_other_version(connection, manifest, services)
        await _refuse_used_tables(connection, services)
    for kept in manifest.streams:
        there = await state_of(client, kept.name)
        if there is not None and there.messages and not again:
            raise NotEmptyError(
                f"NATS is not empty: the stream {kept.name} has messages; if they are of a restore that was broken off, add --again"
            )
    try:
        for kept in manifest.streams:
            await _remove(client, kept.name)
            await restore_stream(client, kept, directory, replicas)
        await restore_tail(client, manifest.tail, directory)
        await _refuse_other_streams(client, manifest)
        async with engine.begin() as connection:
            await load_tables(connection, manifest, directory)
            await _refuse_other_counts(connection, manifest)
            told_again = await tell_again(connection, manifest, services)
    except BaseException as error:
        for kept in manifest.streams:
            await _remove(client, kept.name)
        if isinstance(error, DBAPIError | asyncpg.PostgresError):
            raise BackupError(f"PostgreSQL has not taken the rows: {getattr(error, 'orig', None) or error}") from error
        raise
    await provision(engine, client, services)
    return Restored(manifest, told_again)


async def _refuse_company(connection: AsyncConnection) -> None:
    """Refuse to work on a database that a service is connected to."""
    query = text(
        "SELECT min(application_name) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name LIKE 'yingda-%' AND application_name <> 'yingda-cli'"
    )
    found = await connection.scalar(query)
    if found:
        raise NotEmptyError(f"the service {found.removeprefix('yingda-')} is running on this database: stop it first")


async def _refuse_other_version(connection: AsyncConnection, manifest: Manifest, services: Sequence[Service]) -> None:
    held = await revisions_in(connection, services)
    if held != manifest.revisions:
        raise DamagedError(
            f"the backup was made by Yingda {manifest.yingda} with other tables than this version's: "
            "restore it with that version, then run `yingda provision` of this one"
        )


async def _refuse_used_tables(connection: AsyncConnection, services: Sequence[Service]) -> None:
    """Refuse tables of services that have worked; what they write at their first start is theirs to lose."""
    used = [ACTS, *(t.fullname for s in services for t in (s.tables.outbox, s.tables.inbox, s.tables.dead_letters))]
    for name in used:
        if await connection.scalar(text(f"SELECT true FROM {name} LIMIT 1")):
            raise NotEmptyError(f"PostgreSQL is not empty: {name} has rows; give the restore a new database")


async def _refuse_other_streams(client: Client, manifest: Manifest) -> None:
    """Refuse streams that do not end where those of the backup ended; what has had its time since may be gone."""
    for kept in manifest.streams:
        tail = manifest.tail if manifest.tail.stream == kept.name else None
        last = tail.last_sequence if tail is not None else kept.last_sequence
        there = await state_of(client, kept.name)
        if there is None or there.last_seq != last:
            found = "nothing" if there is None else str(there.last_seq)
            raise BackupError(f"the stream {kept.name} ends with {found} afterwards, and in the backup with {last}")


async def _refuse_other_counts(connection: AsyncConnection, manifest: Manifest) -> None:
    found = await counted(connection, manifest)
    for kept in manifest.tables:
        name = f"{kept.schema_name}.{kept.table}"
        if found[name] != kept.rows:
            raise DamagedError(f"the table {name} has {found[name]} rows afterwards, and the backup {kept.rows}")


async def _remove(client: Client, name: str) -> None:
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(name)
