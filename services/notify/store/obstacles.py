"""What stands in the way of messages: addresses that get nothing any more, and staff who have had their digest (R-NT-07, R-SLA-10)."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, DateTime, Text, any_, bindparam, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.store import digests as turns
from services.notify.store.tables import digests, suppressions
from shared.db import Prepared, fetch

_OBSTACLES: Final = Prepared(
    select(suppressions.c.fingerprint, suppressions.c.reason, null().cast(DateTime(timezone=True)))
    .where(suppressions.c.fingerprint == any_(bindparam("fingerprints", type_=ARRAY(Text))))
    .union_all(
        select(digests.c.recipient, null().cast(Text), digests.c.last_at).where(
            digests.c.recipient == any_(bindparam("recipients", type_=ARRAY(Text)))
        )
    )
)


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What messages must not pass."""

    suppressed: Mapping[str, str]
    """Why addresses get nothing any more, by their fingerprints."""
    last: Mapping[str, datetime]
    """When those who had a digest lately had it."""


async def obstacles(
    connection: AsyncConnection, fingerprints: Collection[str], recipients: AbstractSet[str], since: datetime
) -> Obstacles:
    """Return what stands in the way to these addresses and recipients of digests.

    Whoever had no digest after `since` may have one now: they are locked, so that replicas take turns.
    """
    if not fingerprints and not recipients:
        return Obstacles({}, {})
    given = {"fingerprints": sorted(fingerprints), "recipients": sorted(recipients)}
    listed: dict[str, str] = {}
    last: dict[str, datetime] = {}
    for key, reason, last_at in await fetch(connection, _OBSTACLES, given):
        if reason is not None:
            listed[key] = reason
        elif last_at is not None and last_at > since:
            last[key] = last_at
    return Obstacles(listed, last | await turns.locked(connection, recipients - last.keys()))
