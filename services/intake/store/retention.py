"""Which contacts have had their time, and what goes with them (`YINGDA_RECORDS_DAYS`, ADR 0017).

Intake hears of no work order. It keeps a contact for as long as a closed work order is kept and a year more, which is
longer than any case stays open, so that a living case never loses the contact that it came from.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, delete, exists

from services.intake.store.asides import asides
from services.intake.store.tables import contacts, customers, identifiers
from shared.bus.transaction import Transaction
from shared.retention import Expiry, remove

LONGEST_CASE_DAYS: Final = 365


def old_contacts(days: int) -> Expiry:
    """Return what expires: contacts registered `days` and a year ago, and customers who have none left."""
    return Expiry(
        contacts,
        contacts.c.registered_at,
        days + LONGEST_CASE_DAYS,
        of=(contacts.c.id, contacts.c.customer_id),
        follow=_follow,
    )


def old_asides(days: int) -> Expiry:
    """Return what expires: messages that were no contact, set aside `days` ago."""
    return Expiry(asides, asides.c.recorded_at, days, of=(asides.c.source_id,))


async def _follow(tx: Transaction, rows: Sequence[Row[Any]]) -> None:
    concerned = sorted({row.customer_id for row in rows})
    gone = delete(customers).where(
        customers.c.id.in_(concerned), ~exists().where(contacts.c.customer_id == customers.c.id)
    )
    strangers = (await tx.connection.execute(gone.returning(customers.c.id))).scalars().all()
    await remove(tx.connection, identifiers.c.customer_id, strangers)
