"""What is known of who customers are, as keyed fingerprints; wrong answers; and the key where no setting gives one (R-IN-05)."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.routing.domain.identity import Known
from services.routing.store.tables import metadata
from shared.db import insert_rows

identities: Final = Table(
    "identities",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("by_staff", Boolean, primary_key=True),
    Column("seq", BigInteger, Identity(always=True), nullable=False),  # the order in which they came to be known
    Column("at", DateTime(timezone=True), nullable=False),
)

wrong_answers: Final = Table(
    "wrong_answers",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("work_order_id", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("wrong_answers_of_customer", "customer_id", "at"),
)
"""Verifications that failed: who asked and when, and nothing of what was answered."""

keys: Final = Table(
    "keys", metadata, Column("name", Text, primary_key=True), Column("key", LargeBinary, nullable=False)
)

_KEY: Final = "identity"
_KEY_BYTES: Final = 32


async def identity_key(engine: AsyncEngine) -> bytes:
    """Return the key of this installation, made at the first start; replicas get the same one."""
    async with engine.begin() as connection:
        fresh = {"name": _KEY, "key": secrets.token_bytes(_KEY_BYTES)}
        await insert_rows(connection, keys, [fresh], ignore_conflicts=True)
        found = await connection.scalar(select(keys.c.key).where(keys.c.name == _KEY))
    return cast(bytes, found)


async def remember(connection: AsyncConnection, known: Sequence[tuple[str, Known]], at: datetime) -> None:
    """Write what came to be known of customers, each by id; what was known already stays as it was."""
    rows = [
        {
            "customer_id": customer_id,
            "kind": one.kind,
            "fingerprint": one.fingerprint,
            "by_staff": one.by_staff,
            "at": at,
        }
        for customer_id, one in known
    ]
    await insert_rows(connection, identities, rows, ignore_conflicts=True)


async def known_of(connection: AsyncConnection, customer_id: str) -> tuple[Known, ...]:
    """Return what is known of a customer, in the order in which it came to be known."""
    query = select(identities).where(identities.c.customer_id == customer_id).order_by(identities.c.seq)
    return tuple(Known(row.kind, row.fingerprint, row.by_staff) for row in await connection.execute(query))


async def wrong_answers_since(connection: AsyncConnection, customer_id: str, since: datetime) -> int:
    """Return how many wrong answers there were about a customer since then."""
    lately = (wrong_answers.c.customer_id == customer_id) & (wrong_answers.c.at > since)
    return await connection.scalar(select(func.count()).select_from(wrong_answers).where(lately)) or 0


async def record_wrong_answer(
    connection: AsyncConnection, *, customer_id: str, work_order_id: str, by: str, at: datetime
) -> None:
    """Write that an answer about a customer was wrong."""
    row = {"customer_id": customer_id, "work_order_id": work_order_id, "by": by, "at": at}
    await insert_rows(connection, wrong_answers, [row])
