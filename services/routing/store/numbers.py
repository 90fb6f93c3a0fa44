"""The daily sequence of work order numbers: one row a day, advanced in the transaction that uses the numbers.

A rollback gives its numbers back, and replicas wait for one another on the row, so a day has neither gaps nor doubles.
"""

from datetime import date
from typing import Final

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import number_sequences
from shared.db import Prepared, fetch

_FIRST: Final = insert(number_sequences).values(day=bindparam("day"), last=bindparam("count"))
_TAKE: Final = Prepared(
    _FIRST.on_conflict_do_update(
        index_elements=["day"], set_={"last": number_sequences.c.last + _FIRST.excluded.last}
    ).returning(number_sequences.c.last)
)


async def take_numbers(connection: AsyncConnection, day: date, count: int) -> int:
    """Return the last number given out on `day` before; the next `count` are taken, until the commit nobody takes more.

    What is not needed of them has to be given back.
    """
    (row,) = await fetch(connection, _TAKE, {"day": day, "count": count})
    return int(row.last) - count


async def give_back_numbers(connection: AsyncConnection, day: date, last: int) -> None:
    """Record that of the numbers taken on `day` those up to `last` were needed."""
    await connection.execute(update(number_sequences).where(number_sequences.c.day == day).values(last=last))
