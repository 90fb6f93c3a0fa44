"""Making a backup beside running services: first the streams, then the database, then the contacts that came meanwhile.

In this order nothing is missing and nothing is ahead of the rest (ADR 0031). What the streams hold was committed before
the database's snapshot, so no event tells of what the database does not know. What the database had told since, its
outboxes have and tell again. A contact that came while the backup was made and that no service has taken in hand is in
the tail. Consumers stand where they stood before: what they get again, the inboxes know.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.attachments.bucket import ATTACHMENTS
from shared.backup.errors import BackupError
from shared.backup.files import prepare, written
from shared.backup.manifest import Kept, Manifest
from shared.backup.streams import keep_stream, keep_tail, state_of
from shared.backup.tables import keep_table, revisions_in, sequences_in, tables_in
from shared.bus.streams import CONTACTS, EVENTS
from shared.service import Service


async def back_up(
    engine: AsyncEngine, client: Client, services: Sequence[Service], directory: Path, others: Sequence[Path] = ()
) -> Manifest:
    """Write a backup into the empty `directory` and return what it holds; `BackupError` says why it cannot be made.

    `others` are files of the data directory that belong to it.
    """
    prepare(directory)
    for stream in (EVENTS, CONTACTS):
        if await state_of(client, stream.name) is None:
            raise BackupError(f"NATS has no stream {stream.name}: there is nothing to back up")
    async with engine.connect() as connection:
        began_at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    events = await keep_stream(client, EVENTS.name, directory)
    contacts = await keep_stream(client, CONTACTS.name, directory)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        revisions = await revisions_in(connection, services)
        tail = await keep_tail(client, contacts, directory)
        sequences = await sequences_in(connection, services)
        tables = [await keep_table(connection, table, directory) for table in await tables_in(connection, services)]
        postgresql = str((await connection.execute(text("SHOW server_version"))).scalar_one())
    # A file is put before the contact that names it: now every file is there whose contact is in the backup.
    files = (
        []
        if await state_of(client, ATTACHMENTS.name) is None
        else [await keep_stream(client, ATTACHMENTS.name, directory)]
    )
    manifest = Manifest(
        yingda=version("yingda"),
        postgresql=postgresql,
        nats=str(client.connected_server_version),
        began_at=began_at,
        at=at,
        revisions=revisions,
        tables=tuple(tables),
        sequences=sequences,
        streams=(events, contacts, *files),
        tail=tail,
        others=tuple(_copied(path, directory) for path in others if path.is_file()),
    )
    manifest.write(directory)
    return manifest


def _copied(path: Path, directory: Path) -> Kept:
    with written(directory, path.name) as writing:
        writing.write(path.read_bytes())
    return writing.kept
