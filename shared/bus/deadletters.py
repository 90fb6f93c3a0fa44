"""Dead letters: NATS keeps none, so what cannot be read or handled is kept in PostgreSQL with its reason (R-IN-08)."""

from collections.abc import Sequence

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.transaction import Rejected
from shared.db import insert_rows

LONGEST_TEXT = 2_000
FAULTS = 100


async def keep(connection: AsyncConnection, table: Table, rejected: Sequence[Rejected]) -> list[Rejected]:
    """Write `rejected` to the dead letters and return those that are new; a redelivery is left alone, and not counted."""
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
        for letter in rejected
    ]
    written = await insert_rows(connection, table, rows, ignore_conflicts=True, returning=("stream", "sequence"))
    new = {(row.stream, row.sequence) for row in written}
    return [letter for letter in rejected if (letter.delivery.stream, letter.delivery.sequence) in new]


def _storable(text: str) -> str:
    """Return `text` as PostgreSQL can hold it, of a length that a person can read; the raw body is kept whole."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()[:LONGEST_TEXT]
