"""What feedback forgets of work orders and contacts whose records have expired (ADR 0017)."""

from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.store import quality_tables as quality
from services.feedback.store import report_tables as report
from services.feedback.store.knowledge_tables import knowledge_cases
from services.feedback.store.survey_tables import surveys, waiting_callers
from services.feedback.store.tables import attempts, callbacks, cases, customers
from shared.events import WorkorderExpired
from shared.retention import remove

_IDS: Final = bindparam("ids", type_=ARRAY(Text))
_ATTEMPTS: Final = delete(attempts).where(
    attempts.c.callback_id.in_(select(callbacks.c.id).where(callbacks.c.work_order_id == any_(_IDS)))
)
_TEXTS: Final = delete(quality.texts).where(
    quality.texts.c.review_id.in_(select(quality.reviews.c.id).where(quality.reviews.c.work_order_id == any_(_IDS)))
)
_OF_WORK_ORDER: Final = (
    report.deeds.c.work_order_id,
    report.reopenings.c.work_order_id,
    report.clocks.c.subject_id,
    report.answers.c.work_order_id,
    quality.findings.c.work_order_id,
    quality.reviews.c.work_order_id,
    surveys.c.work_order_id,
    knowledge_cases.c.work_order_id,
    callbacks.c.work_order_id,
    cases.c.work_order_id,
)


async def forget(connection: AsyncConnection, expired: WorkorderExpired) -> None:
    """Remove the cases with their callbacks, figures and texts, and the customers as the contacts told of them.

    Knowledge stays: it was published for its own sake and names nobody. Reports that were made stay as they were made.
    """
    ids = list(expired.work_order_ids)
    await connection.execute(_ATTEMPTS, {"ids": ids})
    await connection.execute(_TEXTS, {"ids": ids})
    for column in _OF_WORK_ORDER:
        await remove(connection, column, ids)
    for contact in (customers.c.contact_id, report.contacts.c.contact_id, waiting_callers.c.contact_id):
        await remove(connection, contact, expired.contact_ids)
