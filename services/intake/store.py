"""The tables of intake and their set-based statements: a batch takes the same few, whatever its size."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.customer_file import FIELDS, CustomerFile
from services.intake.domain.customers import Identifier
from services.intake.domain.registration import Registration
from shared.bus.tables import runtime_tables
from shared.db import insert_rows, schema_of

metadata = schema_of("intake")
runtime = runtime_tables(metadata)

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in FIELDS),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
"""One row per customer; a name that is NULL is that of an anonymous one and can be completed (R-IN-04)."""


def _customer_id() -> Column[str]:
    """Return a reference that is checked at the commit: who owns an identifier is settled before the customer exists."""
    customer = ForeignKey(customers.c.id, deferrable=True, initially="DEFERRED")
    return Column("customer_id", Text, customer, nullable=False, index=True)


identifiers = Table(
    "identifiers",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _customer_id(),
    Column("source_id", Text, nullable=False),  # the contact that volunteered it (R-IN-03)
    Column("created_at", DateTime(timezone=True), nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source_id", Text, nullable=False, unique=True),  # R-IN-06
    Column("channel", Text, nullable=False),
    _customer_id(),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("duration_seconds", Double),
    Column("agent_id", Text),
    Column("category", Text),
    Column("topic", Text),
    Column("text", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("attachments", JSONB, nullable=False),
    Column("emotion", Text),
    Column("locale", Text, nullable=False),
    Column("customer", JSONB, nullable=False),  # as this contact told it; the file is in `customers`
    Column("extra", JSONB, nullable=False),
    Index("contacts_occurred", "occurred_at"),
)


async def load_owners(
    connection: AsyncConnection, wanted: Iterable[Identifier]
) -> tuple[dict[Identifier, str], dict[str, CustomerFile]]:
    """Return who owns each of the `wanted` identifiers that is known, and the files of these customers."""
    pairs = sorted(set(wanted))
    if not pairs:
        return {}, {}
    given = _given("kind", "value")
    query = select(identifiers.c.kind, identifiers.c.value, customers).join_from(
        identifiers.join(given, _same(given)), customers, customers.c.id == identifiers.c.customer_id
    )
    owners: dict[Identifier, str] = {}
    files: dict[str, CustomerFile] = {}
    for row in await connection.execute(query, _columns_of(pairs)):
        owners[Identifier(row.kind, row.value)] = row.id
        files[row.id] = CustomerFile(**{name: getattr(row, name) for name in FIELDS})
    return owners, files


async def claim(
    connection: AsyncConnection, claims: Mapping[Identifier, str], sources: Mapping[Identifier, str], at: datetime
) -> set[Identifier]:
    """Write identifiers that nobody has, and return those that are ours now.

    Another replica's claim to the same one is waited for; where it is committed first, it wins. All replicas claim
    in the same order, so that they cannot wait for each other.
    """
    rows = [
        {"kind": i.kind, "value": i.value, "customer_id": claims[i], "source_id": sources[i], "created_at": at}
        for i in sorted(claims)
    ]
    won = await insert_rows(connection, identifiers, rows, ignore_conflicts=True, returning=("kind", "value"))
    return {Identifier(row.kind, row.value) for row in won}


async def reassign(connection: AsyncConnection, moves: Mapping[Identifier, str]) -> None:
    """Give identifiers that this transaction has claimed to other customers."""
    if not moves:
        return
    given = _given("kind", "value", "customer_id")
    pairs = sorted(moves)
    await connection.execute(
        update(identifiers).values(customer_id=given.c.customer_id).where(_same(given)),
        {**_columns_of(pairs), "customer_id_": [moves[i] for i in pairs]},
    )


async def insert_contacts(
    connection: AsyncConnection, registrations: Sequence[tuple[Registration, str]], at: datetime
) -> set[str]:
    """Write the contacts with their customers' ids; return the ids of those that were not there yet (R-IN-06)."""
    rows = [_contact_row(registration, customer_id, at) for registration, customer_id in registrations]
    written = await insert_rows(connection, contacts, rows, ignore_conflicts=True, returning=("id",))
    return {row.id for row in written}


async def insert_customers(connection: AsyncConnection, files: Mapping[str, CustomerFile], at: datetime) -> None:
    """Write new customers."""
    rows = [{"id": key, **_file_row(file), "created_at": at, "updated_at": at} for key, file in files.items()]
    await insert_rows(connection, customers, rows)


async def complete_customers(connection: AsyncConnection, files: Mapping[str, CustomerFile], at: datetime) -> None:
    """Fill the empty fields of customers; what another replica filled in the meantime stays."""
    if not files:
        return
    given = _given("id", *FIELDS)
    ids = sorted(files)
    values: dict[str, Any] = {name: func.coalesce(customers.c[name], given.c[name]) for name in FIELDS}
    await connection.execute(
        update(customers).values(**values, updated_at=bindparam("at")).where(customers.c.id == given.c.id),
        {"id_": ids, "at": at} | {f"{name}_": [getattr(files[key], name) for key in ids] for name in FIELDS},
    )


async def known_dead_letters(connection: AsyncConnection, places: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return which of `places` (stream, sequence) are dead letters already: their message was delivered again."""
    letters = runtime.dead_letters
    arrays = bindparam("streams", type_=ARRAY(Text)), bindparam("sequences", type_=ARRAY(BigInteger))
    columns = Column("stream", Text), Column("sequence", BigInteger)
    given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    query = select(letters.c.stream, letters.c.sequence).where(
        tuple_(letters.c.stream, letters.c.sequence).in_(select(given.c.stream, given.c.sequence))
    )
    streams, sequences = [place[0] for place in places], [place[1] for place in places]
    rows = await connection.execute(query, {"streams": streams, "sequences": sequences})
    return {(row.stream, row.sequence) for row in rows}


def _given(*names: str) -> TableValuedAlias:
    """Return the parameters `<name>_`, one array of texts for each column, as a table."""
    arrays = [bindparam(f"{name}_", type_=ARRAY(Text)) for name in names]
    return func.unnest(*arrays).table_valued(*(Column(name, Text) for name in names), name="given").render_derived()


def _same(given: TableValuedAlias) -> Any:
    return tuple_(identifiers.c.kind, identifiers.c.value) == tuple_(given.c.kind, given.c.value)


def _columns_of(pairs: Sequence[Identifier]) -> dict[str, list[str]]:
    return {"kind_": [pair.kind for pair in pairs], "value_": [pair.value for pair in pairs]}


def _file_row(file: CustomerFile) -> dict[str, str | None]:
    return {name: getattr(file, name) for name in FIELDS}


def _contact_row(registration: Registration, customer_id: str, at: datetime) -> dict[str, Any]:
    contact = registration.contact
    return {
        "id": registration.contact_id,
        "source_id": registration.source_id,
        "channel": registration.channel,
        "customer_id": customer_id,
        "occurred_at": contact.occurred_at,
        "registered_at": at,
        "duration_seconds": contact.duration_seconds,
        "agent_id": contact.agent_id,
        "category": contact.category,
        "topic": contact.topic,
        "text": contact.text,
        "details": contact.details,
        "attachments": contact.attachments,
        "emotion": contact.emotion,
        "locale": contact.locale,
        "customer": contact.customer,
        "extra": registration.extra,
    }
