"""The dead letters of intake, as far as its handlers ask for them (R-IN-08)."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, BigInteger, Column, Text, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import runtime


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
