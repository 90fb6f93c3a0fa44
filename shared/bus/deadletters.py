"""Dead letters: NATS keeps none, so what cannot be read or handled is kept in PostgreSQL with its reason (R-IN-08)."""

from collections.abc import Sequence

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.transaction import Rejected
from shared.db import insert_rows


async def keep(connection: AsyncConnection, table: Table, rejected: Sequence[Rejected]) -> None:
    """Write `rejected` to the dead letters; one that is there already (a redelivery) is left alone."""
    rows = [
        {
            "stream": letter.delivery.stream,
            "sequence": letter.delivery.sequence,
            "subject": letter.delivery.subject,
            "message_id": letter.message_id,
            "reason": letter.reason,
            "errors": [fault.to_json() for fault in letter.faults],
            "body": letter.delivery.body,
        }
        for letter in rejected
    ]
    await insert_rows(connection, table, rows, ignore_conflicts=True)
