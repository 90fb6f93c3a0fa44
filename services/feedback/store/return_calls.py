"""Where a contact that wants to be called back and its work order meet (R-IN-10)."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.return_call import ReturnCall
from services.feedback.store.survey_tables import waiting_callers
from shared.db import Prepared, fetch


async def meet(
    connection: AsyncConnection, wants: Sequence[ReturnCall], opened: Mapping[str, str]
) -> list[tuple[str, ReturnCall]]:
    """Write who wants a call and the work order ids of telephone contacts (`opened`, by contact id), in one statement.

    Returns (work order id, wanted call) of every contact of which both are known by now.
    """
    asked = {want.contact_id: want for want in wants}
    ids = sorted(asked.keys() | opened.keys())  # in one order, so that two replicas never wait for each other
    if not ids:
        return []
    found = [asked.get(key) for key in ids]
    given = {
        "contacts": ids,
        "orders": [opened.get(key) for key in ids],
        "since": [want.since if want else None for want in found],
        "agents": [want.agent_id if want else None for want in found],
    }
    rows = await fetch(connection, _MEET, given)
    return [
        (row.work_order_id, ReturnCall(row.contact_id, row.since, row.agent_id))
        for row in rows
        if row.work_order_id is not None and row.since is not None
    ]


_MEET: Final = Prepared(
    text(
        f"INSERT INTO {waiting_callers.fullname} AS held (contact_id, work_order_id, since, agent_id) "
        "SELECT * FROM unnest(CAST(:contacts AS text[]), CAST(:orders AS text[]), CAST(:since AS timestamptz[]), "
        "CAST(:agents AS text[])) ON CONFLICT (contact_id) DO UPDATE SET "
        "work_order_id = coalesce(EXCLUDED.work_order_id, held.work_order_id), "
        "since = coalesce(EXCLUDED.since, held.since), agent_id = coalesce(EXCLUDED.agent_id, held.agent_id) "
        "RETURNING contact_id, work_order_id, since, agent_id"
    )
)
