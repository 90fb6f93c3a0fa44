"""Completions of contacts whose work order is not open yet: kept until it is (R-IN-07).

Two replicas may take a contact and its completion at the same moment. These rows hold personal data, and go with the
opening.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Column, Identity, Index, Table, Text, any_, bindparam, delete
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import metadata
from shared.db import insert_rows
from shared.events import ContactCompleted

early_completions: Final = Table(
    "early_completions",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("contact_id", Text, nullable=False),
    Column("event", JSONB, nullable=False),
    Index("early_completions_of_contact", "contact_id"),
)
_TAKE: Final = (
    delete(early_completions)
    .where(early_completions.c.contact_id == any_(bindparam("ids", type_=ARRAY(Text))))
    .returning(early_completions)
)


async def keep_early(connection: AsyncConnection, events: Sequence[ContactCompleted]) -> None:
    """Keep completions until their contacts' work orders open."""
    rows = [{"contact_id": event.contact_id, "event": event.to_json()} for event in events]
    await insert_rows(connection, early_completions, rows)


async def take_early(connection: AsyncConnection, contact_ids: Iterable[str]) -> list[ContactCompleted]:
    """Return what was kept for these contacts, in its order; it is kept no longer."""
    rows = (await connection.execute(_TAKE, {"ids": sorted(set(contact_ids))})).all()
    return [ContactCompleted.model_validate(row.event) for row in sorted(rows, key=lambda row: row.seq)]
