"""What is known of who customers are, as keyed fingerprints; wrong answers; and the key where no setting gives one (R-IN-05)."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.routing.domain.identity import Known
from services.routing.store.tables import metadata
from shared.bus.transaction import Transaction
from shared.db import insert_rows

identities: Final = Table(
    "identities",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),  # the order in which they came to be known
    Column("known", JSONB, nullable=False),  # [[kind, fingerprint, by staff], …]
    Column("at", DateTime(timezone=True), nullable=False),
)
"""One row for each contact or completion that told who its customer is."""

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


def remember(tx: Transaction, known: Sequence[tuple[str, Sequence[Known]]]) -> None:
    """Have written what came to be known of customers, each by id, in that order; once in a transaction."""
    rows = [
        {
            "customer_id": customer_id,
            "known": [(one.kind, one.fingerprint, one.by_staff) for one in told],
            "at": tx.now,
        }
        for customer_id, told in known
        if told
    ]
    tx.insert(identities, rows)


async def known_of(connection: AsyncConnection, customer_id: str) -> tuple[Known, ...]:
    """Return what is known of a customer, in the order in which it came to be known."""
    query = select(identities.c.known).where(identities.c.customer_id == customer_id).order_by(identities.c.seq)
    return tuple(Known(*one) for told in (await connection.execute(query)).scalars() for one in told)


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
