"""Surveys, and what belongs to each while it is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.domain.survey import Answered, Survey
from services.feedback.store.callbacks import insert_callbacks
from services.feedback.store.cases import CASE_COLUMNS, CUSTOMER_COLUMNS, case_of
from services.feedback.store.survey_tables import surveys
from services.feedback.store.tables import cases, customers
from shared.db import insert_rows, update_rows

_COLUMNS: Final = tuple(surveys.c[field.name] for field in fields(Survey))


@dataclass(frozen=True, slots=True)
class Questioning:
    """A survey with the case it asks about and the customer who is asked, as far as known."""

    survey: Survey
    case: Case
    customer: Customer | None


async def insert_survey(connection: AsyncConnection, survey: Survey) -> bool:
    """Write a new survey and return whether it was not there yet."""
    return bool(
        await insert_rows(connection, surveys, [asdict(survey)], ignore_conflicts=True, returning=("id",)),
    )


async def find_survey(connection: AsyncConnection, survey_id: str, *, lock: bool = False) -> Questioning | None:
    """Return the survey; with `lock` it stays locked until the commit, so that it is answered once (R-FB-02)."""
    query = (
        select(*CASE_COLUMNS, *_COLUMNS, *CUSTOMER_COLUMNS)
        .select_from(surveys)
        .join(cases, cases.c.work_order_id == surveys.c.work_order_id)
        .outerjoin(customers, customers.c.contact_id == cases.c.contact_id)
        .where(surveys.c.id == survey_id)
    )
    if lock:
        query = query.with_for_update(of=surveys)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    begin, end = len(CASE_COLUMNS), len(CASE_COLUMNS) + len(_COLUMNS)
    facts = row[end:]
    return Questioning(Survey(*row[begin:end]), case_of(row), Customer(*facts) if facts[0] is not None else None)


async def save_answered(connection: AsyncConnection, answered: Answered) -> None:
    """Write an answered survey, and its answer among the callbacks."""
    await update_rows(connection, surveys, [asdict(answered.survey)])
    await insert_callbacks(connection, [answered.callback])


async def withdraw_surveys(connection: AsyncConnection, *, reopened: Mapping[str, int], ended: Iterable[str]) -> None:
    """Withdraw the open surveys of work orders that were reopened into those cycles, or have ended without a result."""
    given = {"reopened": list(reopened), "cycles": list(reopened.values()), "ended": list(ended)}
    if given["reopened"] or given["ended"]:
        await connection.execute(_WITHDRAW, given)


async def open_surveys(connection: AsyncConnection, now: datetime) -> int:
    """Return how many surveys can still be answered at `now`."""
    query = select(func.count()).where(surveys.c.state == text("'open'"), surveys.c.expires_at > now)
    return await connection.scalar(query) or 0


_WITHDRAW: Final = text(
    f"UPDATE {surveys.fullname} AS survey SET state = 'withdrawn' "
    "WHERE survey.state = 'open' AND (survey.work_order_id = ANY(CAST(:ended AS text[])) "
    "OR EXISTS (SELECT FROM unnest(CAST(:reopened AS text[]), CAST(:cycles AS integer[])) "
    "AS given(work_order_id, cycle) WHERE given.work_order_id = survey.work_order_id AND survey.cycle < given.cycle))"
)
