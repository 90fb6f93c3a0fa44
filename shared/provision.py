"""Makes the servers agree with the code: roles, schemas, tables, streams and durable consumers. Safe to repeat."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.bus.letter_acts import provision_history
from shared.bus.streams import KEEP_DAYS, STREAMS, Consumer, Stream
from shared.bus.unsent import provision_left_unsent
from shared.db import role_name
from shared.service import Service

SUITE_SCHEMA = "suite"


class ProvisionError(Exception):
    """The servers cannot be made to agree with the code."""


class NotProvisionedError(Exception):
    """The servers do not agree with the code; `yingda provision` makes them."""


async def provision(
    engine: AsyncEngine,
    client: Client,
    services: Iterable[Service],
    *,
    replicas: int | None = None,
    keep_days: int = KEEP_DAYS,
) -> list[str]:
    """Create or update everything that `services` need; return a line for each thing that was changed.

    `replicas` nodes keep each stream; None leaves a stream as it is and puts a new one on one node. Messages stay on
    the streams for `keep_days`.
    """
    changes: list[str] = []
    wanted = list(services)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(20231015001)"))  # one provisioning at a time
        changes += await _suite(connection, [service.name for service in wanted])
        for service in wanted:
            changes += await _schema(connection, service.name, service.metadata)
    jetstream = client.jetstream()
    for stream in STREAMS:
        changes += await _stream(jetstream, stream, replicas, keep_days)
    for service in wanted:
        changes += await _consumer(jetstream, service.consumer)
    return changes


async def check(connection: AsyncConnection, client: Client, service: Service) -> None:
    """Return if what `service` needs is as the code wants it; else `NotProvisionedError` says what is not."""
    found = await _schema_digest(connection, service.name)
    if found is None:
        raise NotProvisionedError(f"PostgreSQL has no schema {service.name} for this service: run `yingda provision`")
    if found != digest(service.metadata):
        raise NotProvisionedError(f"the schema {service.name} is of another version: run `yingda provision`")
    await check_consumer(client.jetstream(), service.consumer)


async def check_consumer(jetstream: JetStreamContext, consumer: Consumer) -> None:
    """Return if the stream and durable consumer hold the wanted settings; else `NotProvisionedError`."""
    try:
        stream = (await jetstream.stream_info(consumer.stream.name)).config
        info = await jetstream.consumer_info(consumer.stream.name, consumer.service)
    except NotFoundError:
        raise NotProvisionedError(
            f"NATS has no stream {consumer.stream.name} with a consumer {consumer.service}: run `yingda provision`"
        ) from None
    wanted, held = consumer.config(), info.config
    if not stream.allow_atomic:
        raise NotProvisionedError(f"the stream {consumer.stream.name} takes no atomic batches: run `yingda provision`")
    for name in ("ack_wait", "max_ack_pending", "max_deliver"):
        if getattr(held, name) != getattr(wanted, name):
            raise NotProvisionedError(f"the consumer {consumer.service} has another {name}: run `yingda provision`")
    if set(held.filter_subjects or [held.filter_subject]) != set(consumer.subjects):
        raise NotProvisionedError(f"the consumer {consumer.service} has other subjects: run `yingda provision`")


def digest(metadata: MetaData) -> str:
    """Return what identifies a version of a schema: the hash of its DDL."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    ddl: list[str] = []
    for table in metadata.sorted_tables:
        ddl.append(str(CreateTable(table).compile(dialect=dialect)))
        ddl += sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return hashlib.sha256("\n".join(ddl).encode()).hexdigest()[:16]


async def _suite(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Create the roles, and the schema for what all services share: the moment when a rehearsal clock began."""
    changes: list[str] = []
    for name in names:
        role = role_name(name)
        exists = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if not exists:
            # Roles belong to the whole server: another database's provisioning may create it at the same moment.
            await connection.execute(
                text(
                    f'DO $$ BEGIN CREATE ROLE "{role}" NOLOGIN; '
                    "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
                )
            )
            await connection.execute(text(f'GRANT "{role}" TO CURRENT_USER'))
            changes.append(f"role {role} created")
    await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SUITE_SCHEMA}"))
    await connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {SUITE_SCHEMA}.clock "
            "(spec text PRIMARY KEY, anchor timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
    )
    for name in names:
        await connection.execute(text(f'GRANT USAGE ON SCHEMA {SUITE_SCHEMA} TO "{role_name(name)}"'))
        await connection.execute(text(f'GRANT SELECT, INSERT ON {SUITE_SCHEMA}.clock TO "{role_name(name)}"'))
    await provision_left_unsent(connection, list(names))
    return changes + await provision_history(connection)


async def _schema(connection: AsyncConnection, name: str, metadata: MetaData) -> list[str]:
    wanted = digest(metadata)
    found = await _schema_digest(connection, name)
    if found == wanted:
        return []
    role = role_name(name)
    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{name}" AUTHORIZATION "{role}"'))
    await connection.execute(text(f'SET LOCAL ROLE "{role}"'))
    await connection.run_sync(metadata.create_all)
    await connection.run_sync(_compare, metadata)
    await connection.execute(text(f"COMMENT ON SCHEMA \"{name}\" IS '{wanted}'"))
    await connection.execute(text("RESET ROLE"))
    return [f"schema {name} {'created' if found is None else 'updated'}"]


def _compare(connection: Connection, metadata: MetaData) -> None:
    """Refuse a table that lacks columns: adding them is a migration, and this version brings none."""
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        held = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
        missing = sorted(set(table.columns.keys()) - held)
        if missing:
            raise ProvisionError(f"the table {table.fullname} lacks {', '.join(missing)}: it is of another version")


async def _schema_digest(connection: AsyncConnection, name: str) -> str | None:
    query = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    found: str | None = await connection.scalar(query, {"name": name})
    return found


async def _stream(jetstream: JetStreamContext, stream: Stream, replicas: int | None, keep_days: int) -> list[str]:
    wanted = stream.config(replicas or 1, keep_days)
    try:
        held = (await jetstream.stream_info(stream.name)).config
    except NotFoundError:
        await jetstream.add_stream(wanted)
        return [f"stream {stream.name} created"]
    wanted = replace(wanted, num_replicas=replicas or held.num_replicas)
    if all(getattr(held, name) == value for name, value in vars(wanted).items() if value is not None):
        return []
    await jetstream.update_stream(wanted)
    return [f"stream {stream.name} updated"]


async def _consumer(jetstream: JetStreamContext, consumer: Consumer) -> list[str]:
    try:
        await check_consumer(jetstream, consumer)
    except NotProvisionedError:
        await jetstream.add_consumer(consumer.stream.name, consumer.config())
        return [f"consumer {consumer.service} created or updated"]
    return []
