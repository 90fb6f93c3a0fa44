"""Dead letters: NATS keeps none, so what cannot be read or handled is kept in PostgreSQL with its reason (R-IN-08)."""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import ARRAY, BigInteger, Table, Text, and_, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.transaction import Rejected
from shared.db import insert_rows

LONGEST_TEXT = 2_000
FAULTS = 100
_SEQUENCES = bindparam("sequences", type_=ARRAY(BigInteger))
_NAMES = bindparam("names", type_=ARRAY(Text))


async def keep(connection: AsyncConnection, table: Table, rejected: Sequence[Rejected]) -> list[Rejected]:
    """Write `rejected` to the dead letters and return those that are new: what is there already is left alone."""
    new = await unkept(connection, table, rejected)
    rows = [
        {
            "stream": letter.delivery.stream,
            "sequence": letter.delivery.sequence,
            "subject": _storable(letter.delivery.subject),
            "message_id": letter.message_id and _storable(letter.message_id),
            "reason": _storable(letter.reason),
            "errors": [
                {name: _storable(text) for name, text in fault.to_json().items()} for fault in letter.faults[:FAULTS]
            ],
            "body": letter.delivery.body,
        }
        for letter in new
    ]
    written = await insert_rows(connection, table, rows, ignore_conflicts=True, returning=("stream", "sequence"))
    places = {(row.stream, row.sequence) for row in written}  # another replica may have been faster
    return [letter for letter in new if (letter.delivery.stream, letter.delivery.sequence) in places]


async def unkept(connection: AsyncConnection, table: Table, rejected: Sequence[Rejected]) -> list[Rejected]:
    """Return those of `rejected` that are no dead letters yet, each once.

    One is, where its place on its stream holds the same body (a redelivery), or the same message with the same body
    was kept and nobody has replayed it since (it was published again). A place alone proves nothing: a stream that was
    lost begins anew.
    """
    if not rejected:
        return []
    body = func.sha256(table.c.body)
    again = and_(table.c.message_id == any_(_NAMES), table.c.state != "replayed")
    query = select(table.c.stream, table.c.sequence, table.c.message_id, table.c.state, body.label("digest")).where(
        or_(table.c.sequence == any_(_SEQUENCES), again)
    )
    names = sorted({_storable(letter.message_id) for letter in rejected if letter.message_id})
    sequences = sorted({letter.delivery.sequence for letter in rejected})
    known: set[tuple[object, ...]] = set()
    for row in await connection.execute(query, {"names": names, "sequences": sequences}):
        known.add((row.stream, row.sequence, row.digest))
        if row.state != "replayed":
            known.add((row.message_id, row.digest))
    new: list[Rejected] = []
    for letter in rejected:
        digest = sha256(letter.delivery.body).digest()
        same: set[tuple[object, ...]] = {(letter.delivery.stream, letter.delivery.sequence, digest)}
        if letter.message_id:
            same.add((_storable(letter.message_id), digest))
        if not same & known:
            new.append(letter)
        known |= same
    return new


def _storable(text: str) -> str:
    """Return `text` as PostgreSQL can hold it, of a length that a person can read; the raw body is kept whole."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()[:LONGEST_TEXT]
