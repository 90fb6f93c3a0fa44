"""`yingda replay`: refills a lost or purged bus with the events that the services keep in their outboxes."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.packing import unpacked
from shared.bus.publish import Publisher, PublishError
from shared.bus.streams import EVENTS
from shared.bus.tables import RuntimeTables
from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.errors import CliError, WrongUse
from shared.cli.events import duration
from shared.cli.schemas import service_tables
from shared.settings import Settings
from shared.times import parse_rfc3339

CHUNK = 20
"""Rows of an outbox at a time, each up to a thousand events."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    service: Annotated[str | None, typer.Option(help="Only the events of this service.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only those kept since, as in 10m, 2h, 1d or 2026-11-23T10:00:00+08:00.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Publish the events in the outboxes again, in their order; whoever has handled one does not handle it twice."""
    asyncio.run(_replay(client_settings(data), service, _begin(since) if since else None))


async def _replay(settings: Settings, service: str | None, since: datetime | None) -> None:
    async with database(settings) as engine, nats_client(settings) as client:
        publisher = Publisher(client, EVENTS.name)
        async with engine.connect() as connection:
            tables = await service_tables(connection, service)
        total = 0
        for name, of_service in tables.items():
            count = await _replay_service(engine, publisher, of_service, since)
            total += count
            print(f"{name}: {count} events", flush=True)
        print(f"{total} events were published again; the server and the inboxes drop what they know")


async def _replay_service(
    engine: AsyncEngine, publisher: Publisher, tables: RuntimeTables, since: datetime | None
) -> int:
    outbox, last, count = tables.outbox, 0, 0
    while True:
        query = select(outbox.c.id, outbox.c.body).where(outbox.c.id > last).order_by(outbox.c.id).limit(CHUNK)
        if since is not None:
            query = query.where(outbox.c.created_at >= since)
        async with engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            return count
        for row in rows:
            events = unpacked(row.body)
            try:
                await publisher.publish(events)
            except PublishError as error:
                raise CliError(f"stopped after {count} events: {error}") from error
            count += len(events)
        last = rows[-1].id


def _begin(since: str) -> datetime:
    if "T" not in since:
        return datetime.now(UTC) - duration(since)
    try:
        return parse_rfc3339(since)
    except ValueError as error:
        raise WrongUse(str(error)) from error
