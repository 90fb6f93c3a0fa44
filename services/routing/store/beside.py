"""What is stored beside the contacts of a batch: whatever decides what each of them opens, in one question."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.linking import OpenMatter
from services.routing.store.early import early_completions
from services.routing.store.matters import OPEN_MATTERS, open_matter_in
from services.routing.store.tables import work_orders
from services.routing.store.threads import joined_contacts
from shared.db import Prepared, fetch
from shared.events import ContactRegistered

_KNOWN: Final = (
    "SELECT 'known' AS what, contact_id AS id, NULL AS customer_id, NULL AS category, NULL AS topic, "
    "NULL AS queue, CAST(NULL AS timestamptz) AS occurred_at, NULL AS order_no "
    f"FROM {work_orders.fullname} WHERE contact_id = ANY (CAST(:contacts AS text[]))"
)
_JOINED: Final = (
    "SELECT 'known', contact_id, NULL, NULL, NULL, NULL, NULL, NULL "
    f"FROM {joined_contacts.fullname} WHERE contact_id = ANY (CAST(:contacts AS text[]))"
)
_EARLY: Final = (
    "SELECT 'early', contact_id, NULL, NULL, NULL, NULL, NULL, NULL "
    f"FROM {early_completions.fullname} WHERE contact_id = ANY (CAST(:contacts AS text[]))"
)
_COMPLAINTS: Final = (
    "SELECT 'complaint', id, customer_id, NULL, NULL, NULL, occurred_at, NULL "
    f"FROM {work_orders.fullname} WHERE customer_id = ANY (CAST(:ids AS text[])) "
    "AND category = ANY (CAST(:complaints AS text[])) AND occurred_at BETWEEN :complained_since AND :complained_until "
    "AND status NOT IN ('cancelled', 'merged') AND queue = 'department'"
)
_BESIDE: Final = Prepared(
    text(" UNION ALL ".join((_KNOWN, _JOINED, _EARLY, _COMPLAINTS, f"SELECT 'open', of.* FROM ({OPEN_MATTERS}) AS of")))
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is stored beside the contacts of one batch."""

    known: Collection[str] = ()
    """Those of the contacts that have a work order already, or joined one."""
    early: Collection[str] = ()
    """Those of the contacts whose completion came before them."""
    complaints: Sequence[tuple[str, datetime]] = ()
    """Customer and time of every complaint of their customers: not what was cancelled, merged or only suggested."""
    open_matters: Sequence[OpenMatter] = ()
    """What the open work orders of their customers are about, the latest of each."""


async def beside(
    connection: AsyncConnection,
    contacts: Collection[ContactRegistered],
    *,
    complaints: Collection[str],
    complained_within: timedelta,
    open_within: timedelta,
) -> Beside:
    """Return what is stored beside `contacts`: complaints, which are of these categories, and matters within their times.

    Ask behind the lock of the day's numbers: whoever opened work orders before has committed then.
    """
    moments = [contact.occurred_at for contact in contacts]
    first, last = min(moments), max(moments)
    values = {
        "contacts": [contact.contact_id for contact in contacts],
        "ids": sorted({contact.customer_id for contact in contacts}),
        "complaints": list(complaints),
        "complained_since": first - complained_within,
        "complained_until": last + complained_within,
        "since": first - open_within,
        "until": last + open_within,
    }
    rows = await fetch(connection, _BESIDE, values)
    return Beside(
        {row.id for row in rows if row.what == "known"},
        {row.id for row in rows if row.what == "early"},
        [(row.customer_id, row.occurred_at) for row in rows if row.what == "complaint"],
        [open_matter_in(row) for row in rows if row.what == "open"],
    )
