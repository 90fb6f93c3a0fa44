"""The daily sequence of work order numbers: one row a day, advanced in the transaction that uses the numbers.

A rollback gives its numbers back, and replicas wait for one another on the row, so a day has neither gaps nor doubles.
"""

from datetime import date

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import number_sequences

_FIRST = insert(number_sequences).values(day=bindparam("day"), last=0)
_LOCK = _FIRST.on_conflict_do_update(index_elements=["day"], set_={"last": number_sequences.c.last}).returning(
    number_sequences.c.last
)


async def lock_numbers(connection: AsyncConnection, day: date) -> int:
    """Return the last number given out on `day`; until the commit nobody else gives one out."""
    return int((await connection.execute(_LOCK, {"day": day})).scalar_one())


async def advance_numbers(connection: AsyncConnection, day: date, last: int) -> None:
    """Record that the numbers of `day` are given out up to `last`; the caller holds the lock."""
    await connection.execute(update(number_sequences).where(number_sequences.c.day == day).values(last=last))
