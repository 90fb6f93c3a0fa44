"""Which raw contacts are still to be taken off their stream: noted with what they became, done after it (R-IN-03)."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import erasures
from shared.db import insert_rows


async def want_erased(connection: AsyncConnection, sequences: Iterable[int]) -> None:
    """Note messages that are to be taken off the stream once this transaction has committed."""
    rows = [{"sequence": sequence} for sequence in sorted(set(sequences))]
    await insert_rows(connection, erasures, rows, ignore_conflicts=True)


async def take_erasures(connection: AsyncConnection, at_most: int) -> list[int]:
    """Take noted messages off the list, the oldest first; where the transaction fails they are on it again."""
    due = select(erasures.c.sequence).order_by(erasures.c.sequence).limit(at_most).with_for_update(skip_locked=True)
    taken = await connection.execute(
        delete(erasures).where(erasures.c.sequence.in_(due.scalar_subquery())).returning(erasures.c.sequence)
    )
    return sorted(taken.scalars())
