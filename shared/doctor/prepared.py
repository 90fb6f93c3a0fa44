"""What `yingda provision` makes: roles, schemas, streams and consumers, as this version of the code wants them."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.attachments.bucket import ATTACHMENTS, attachment_days
from shared.bus.streams import STREAMS, Consumer, Stream
from shared.db import role_name
from shared.doctor.finding import Check, Finding
from shared.doctor.house import House
from shared.provision import NotProvisionedError, check_schema
from shared.service import Service

PROVISION: Final = "Run `yingda provision`; it is safe to repeat."

ROLE_MISSING = Check("role-missing", "PostgreSQL lacks the role of a service", PROVISION)
ROLE_RIGHTS = Check(
    "role-rights", "a role may not do with its own schema what its service does", "Run `yingda provision` as its owner."
)
SCHEMA_MISSING = Check("schema-missing", "PostgreSQL has no schema for a service", PROVISION)
SCHEMA_VERSION = Check(
    "schema-version",
    "a schema is older or newer than this version of the services",
    "Older: run `yingda provision`. Newer: run the version of Yingda that made it.",
)
STREAM_MISSING = Check("stream-missing", "NATS lacks a stream", PROVISION)
STREAM_CHANGED = Check("stream-changed", "a stream has other settings than the services rely on", PROVISION)
CONSUMER_MISSING = Check("consumer-missing", "NATS lacks the durable consumer of a service", PROVISION)
CONSUMER_CHANGED = Check("consumer-changed", "a consumer has other settings than its service relies on", PROVISION)
CHECKS = (
    ROLE_MISSING,
    ROLE_RIGHTS,
    SCHEMA_MISSING,
    SCHEMA_VERSION,
    STREAM_MISSING,
    STREAM_CHANGED,
    CONSUMER_MISSING,
    CONSUMER_CHANGED,
)

_HINT: Final = "run `yingda provision`"
_STREAM_SETTINGS: Final = ("retention", "storage", "discard", "max_msg_size", "duplicate_window", "max_age")
_STREAM_LIMITS: Final = ("max_msgs", "max_bytes")
_CONSUMER_SETTINGS: Final = ("ack_policy", "ack_wait", "max_ack_pending", "max_deliver")


async def look_at_schemas(house: House) -> AsyncIterator[Finding]:
    """Yield what is wrong with roles and schemas."""
    if house.engine is None:
        return
    for service in house.services:
        async with house.engine.connect() as connection:
            async for finding in _of_schema(connection, service):
                yield finding


async def look_at_streams(house: House) -> AsyncIterator[Finding]:
    """Yield what is wrong with streams and consumers; a stream that is missing is told once, not by each service."""
    if house.client is None:
        return
    jetstream, there, settings = house.client.jetstream(), set[str](), house.settings
    files = attachment_days(settings.records_days, settings.keep_days)
    for stream, days in (*((stream, settings.keep_days) for stream in STREAMS), (ATTACHMENTS, files)):
        try:
            held = (await jetstream.stream_info(stream.name)).config
        except NotFoundError:
            yield STREAM_MISSING.found(f"NATS has no stream {stream.name}: {_HINT}")
            continue
        there.add(stream.name)
        for fault in stream_faults(stream, held, days):
            yield STREAM_CHANGED.found(f"the stream {stream.name} {fault}: {_HINT}")
    for service in house.services:
        if service.consumer.stream.name in there:
            async for finding in _of_consumer(jetstream, service):
                yield finding


def stream_faults(wanted: Stream, held: StreamConfig, keep_days: int) -> list[str]:
    """Return in words what `held` lacks of what the services rely on; more replicas are nobody's fault."""
    settings = wanted.config(keep_days=keep_days)
    faults = [] if held.allow_atomic else ["takes no atomic batches"]
    faults += [f"has another {name}" for name in _STREAM_SETTINGS if getattr(held, name) != getattr(settings, name)]
    faults += [f"has the limit {name}, which refuses contacts" for name in _STREAM_LIMITS if _limited(held, name)]
    if set(held.subjects or ()) != set(wanted.subjects):
        faults.append("has other subjects")
    return faults


def consumer_faults(wanted: Consumer, held: ConsumerConfig) -> list[str]:
    """Return in words where `held` differs from what the service relies on."""
    settings = wanted.config()
    faults = [name for name in _CONSUMER_SETTINGS if getattr(held, name) != getattr(settings, name)]
    if set(held.filter_subjects or [held.filter_subject or ""]) != set(wanted.subjects):
        faults.append("set of subjects")
    return [f"has another {name}" for name in faults]


async def _of_schema(connection: AsyncConnection, service: Service) -> AsyncIterator[Finding]:
    role = role_name(service.name)
    try:
        await check_schema(connection, service)
    except NotProvisionedError as error:
        missing = "no schema" in str(error)
        yield (SCHEMA_MISSING if missing else SCHEMA_VERSION).found(f"{service.name}: {error}")
        if missing:
            return
    if not await connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role}):
        yield ROLE_MISSING.found(f"{service.name}: PostgreSQL has no role {role}: {_HINT}")
        return
    refused = await _refused(connection, service, role)
    if refused:
        yield ROLE_RIGHTS.found(f"{service.name}: the role {role} may not {refused}: {_HINT}")


async def _refused(connection: AsyncConnection, service: Service, role: str) -> str | None:
    """Return in words what the role may not do; None where it may do everything."""
    member = "SELECT pg_has_role(current_user, :role, 'MEMBER')"
    if not await connection.scalar(text(member), {"role": role}):
        return "be taken by the user of YINGDA_DATABASE_URL"
    usage = "SELECT has_schema_privilege(:role, :schema, 'USAGE')"
    if not await connection.scalar(text(usage), {"role": role, "schema": service.name}):
        return f"use the schema {service.name}"
    tables = (
        "SELECT min(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema "
        "AND c.relkind IN ('r', 'p') AND c.relname = ANY(:names) "
        "AND NOT (has_table_privilege(:role, c.oid, 'SELECT') AND has_table_privilege(:role, c.oid, 'INSERT'))"
    )
    names: Sequence[str] = [table.name for table in service.metadata.sorted_tables]
    first = await connection.scalar(text(tables), {"role": role, "schema": service.name, "names": names})
    return f"read and write the table {service.name}.{first}" if first else None


async def _of_consumer(jetstream: JetStreamContext, service: Service) -> AsyncIterator[Finding]:
    consumer = service.consumer
    try:
        info = await jetstream.consumer_info(consumer.stream.name, service.name)
    except NotFoundError:
        yield CONSUMER_MISSING.found(
            f"{service.name}: NATS has no consumer {service.name} on the stream {consumer.stream.name}: {_HINT}"
        )
        return
    faults = consumer_faults(consumer, info.config)
    if faults:
        yield CONSUMER_CHANGED.found(f"{service.name}: its consumer {' and '.join(faults)}: {_HINT}")


def _limited(held: StreamConfig, name: str) -> bool:
    value = getattr(held, name)
    return value is not None and value > 0
