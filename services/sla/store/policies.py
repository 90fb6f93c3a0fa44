"""Keeps every policy that was ever in force, and counts the changes of the holiday data (R-SLA-12, R-SLA-13)."""

import hashlib
import json
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.sla.domain.policies import Policies
from services.sla.store.tables import holiday_data, policies
from shared.db import insert_rows
from shared.policy import Policy
from shared.policy.earlier import earlier_policy

KEPT: Final = 50
"""Policies that are brought back at a start; clocks of still older ones live by the policy in force."""
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('yingda.sla.policies'))")

log = structlog.get_logger()


async def register(connection: AsyncConnection, policy: Policy, now: datetime) -> Policies:
    """Note that `policy` is in force from `now` on; return it with the earlier ones and the edition of its holidays.

    The edition grows whenever a service starts with other holidays than the one that started before it.
    """
    await connection.execute(_ONE_AT_A_TIME)
    row = {"version": policy.policy_version, "content": policy.plain, "first_used_at": now}
    await insert_rows(connection, policies, [row], ignore_conflicts=True)
    others = policies.c.version != policy.policy_version
    newest = select(policies).where(others).order_by(policies.c.first_used_at.desc(), policies.c.version).limit(KEPT)
    earlier = {}
    for kept in await connection.execute(newest):
        revived = earlier_policy(kept.content, policy)
        if revived is None:
            log.warning("an earlier policy cannot be read any more", version=kept.version)
        else:
            earlier[kept.version] = revived
    return Policies(policy, await _edition(connection, policy, now), earlier)


async def _edition(connection: AsyncConnection, policy: Policy, now: datetime) -> int:
    digest = digest_of(policy)
    query = select(holiday_data).order_by(holiday_data.c.edition.desc()).limit(1)
    last = (await connection.execute(query)).one_or_none()
    if last is not None and last.digest == digest:
        return int(last.edition)
    edition = 1 if last is None else int(last.edition) + 1
    await insert_rows(connection, holiday_data, [{"edition": edition, "digest": digest, "first_used_at": now}])
    return edition


def digest_of(policy: Policy) -> str:
    """Return what identifies the holiday data of `policy`."""
    written = json.dumps(policy.plain["holidays"], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:16]
