"""`yingda replay`: refills a lost bus with the events that the services keep in their outboxes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.packing import unpacked
from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.streams import EVENTS
from shared.bus.tables import RuntimeTables
from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.errors import CliError, WrongUse
from shared.cli.letter_selection import moment
from shared.cli.output import warn
from shared.cli.rewind import rewind
from shared.cli.schemas import service_tables
from shared.settings import Settings

CHUNK = 20
"""Rows of an outbox at a time, each up to a thousand events."""
TOGETHER = 500
"""Events that are published in one batch, at least: a row holds often but one."""
TELL_EVERY = 50_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What one transaction of a service has told, and when."""

    service: str
    at: datetime
    body: bytes


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    service: Annotated[str | None, typer.Option(help="Only the events of this service.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only those kept since, as in 10m, 2h, 1d or 2026-11-23T10:00:00+08:00.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="SERVICE", help="Publish nothing; let this service read its stream again.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Publish the events in the outboxes again, in their order; whoever has handled one does not handle it twice.

    For a bus that was lost: `yingda provision` first. For a service whose database was restored: --to, for the bus has
    the events still.
    """
    begin = moment(since) if since else None
    if to is None:
        asyncio.run(_replay(client_settings(data), service, begin))
    elif service is None:
        asyncio.run(rewind(client_settings(data), to, begin))
    else:
        raise WrongUse("give --to or --service: --to publishes nothing")


async def _replay(settings: Settings, service: str | None, since: datetime | None) -> None:
    async with database(settings) as engine, nats_client(settings) as client:
        await _require_stream(client)
        async with engine.connect() as connection:
            tables = await service_tables(connection, service)
        counts = dict.fromkeys(tables, 0)
        publisher, batch, told = Publisher(client, EVENTS.name), list[Outgoing](), 0
        async for kept in _in_order(engine, tables, since):
            events = unpacked(kept.body)
            counts[kept.service] += len(events)
            batch += events
            if len(batch) >= TOGETHER:
                told = await _publish(publisher, batch, told)
                batch = []
        told = await _publish(publisher, batch, told)
        for name, count in counts.items():
            print(f"{name}: {count} events")
        print(f"{told} events were published again; the server and the inboxes drop what they know")


async def _publish(publisher: Publisher, batch: list[Outgoing], told: int) -> int:
    """Publish `batch`; return how many events that makes, with the `told` before."""
    if not batch:
        return told
    try:
        await publisher.publish(batch)
    except PublishError as error:
        raise CliError(f"stopped after {told} events, run it again: {error}") from error
    if told // TELL_EVERY != (told + len(batch)) // TELL_EVERY:
        warn(f"{told + len(batch)} events so far")
    return told + len(batch)


async def _in_order(
    engine: AsyncEngine, tables: Mapping[str, RuntimeTables], since: datetime | None
) -> AsyncIterator[Kept]:
    """Yield what the services have told in the order in which it was told, one service's beside the other's."""
    sources = {name: _of_service(engine, name, of_service, since) for name, of_service in tables.items()}
    heads = {name: head for name, source in sources.items() if (head := await anext(source, None)) is not None}
    while heads:
        earliest = min(heads.values(), key=lambda kept: kept.at)
        yield earliest
        following = await anext(sources[earliest.service], None)
        if following is None:
            del heads[earliest.service]
        else:
            heads[earliest.service] = following


async def _of_service(
    engine: AsyncEngine, name: str, tables: RuntimeTables, since: datetime | None
) -> AsyncIterator[Kept]:
    outbox, last = tables.outbox, 0
    while True:
        query = (
            select(outbox.c.id, outbox.c.created_at, outbox.c.body)
            .where(outbox.c.id > last)
            .order_by(outbox.c.id)
            .limit(CHUNK)
        )
        if since is not None:
            query = query.where(outbox.c.created_at >= since)
        async with engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            return
        for row in rows:
            yield Kept(name, row.created_at, row.body)
        last = rows[-1].id


async def _require_stream(client: Client) -> None:
    try:
        await client.jetstream().stream_info(EVENTS.name)
    except NotFoundError:
        raise CliError("NATS has no stream EVENTS: run `yingda provision` first") from None
