"""What was found in agents' texts, the sampled conversations, and the results per agent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, Text, any_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.quality.review import Review
from services.feedback.store.quality_tables import days, findings, reviews, texts
from services.feedback.store.tables import cases, customers
from shared.db import insert_rows, update_rows

_COLUMNS: Final = tuple(reviews.c[field.name] for field in fields(Review))


@dataclass(frozen=True, slots=True)
class Day:
    """What one agent wrote on one local day."""

    agent_id: str
    department: str
    day: date
    texts: int = 0
    forbidden: int = 0
    evasions: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """The quality of one agent in one period; means are None where nothing was reviewed."""

    agent_id: str
    department: str
    period: date
    texts: int
    forbidden: int
    evasions: int
    reviews: int
    expression: float | None
    problem_solving: float | None
    attitude: float | None


async def add_days(connection: AsyncConnection, counted: Sequence[Day]) -> None:
    """Add to the counts of each day; in one order, so that two replicas never wait for one another in a circle."""
    rows = sorted(counted, key=lambda one: (one.agent_id, one.department, one.day))
    if rows:
        names = [field.name for field in fields(Day)]
        await connection.execute(_ADD_DAYS, {name: [getattr(row, name) for row in rows] for name in names})


async def insert_findings(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write findings; one that is there already stays."""
    await insert_rows(connection, findings, rows, ignore_conflicts=True)


async def insert_sampled(
    connection: AsyncConnection, opened: Sequence[Review], spoken: Sequence[Mapping[str, Any]]
) -> None:
    """Write the conversations that are to be reviewed, and what was said in them since."""
    rows = sorted((asdict(review) for review in opened), key=lambda row: str(row["id"]))
    await insert_rows(connection, reviews, rows, ignore_conflicts=True)
    await insert_rows(connection, texts, spoken, ignore_conflicts=True)
    last = [{"id": row["id"], "last_at": row["last_at"]} for row in rows]
    await update_rows(connection, reviews, last)


async def lock_review(connection: AsyncConnection, review_id: str) -> Review | None:
    """Return the review; it stays locked until the commit."""
    row = (await connection.execute(select(*_COLUMNS).where(reviews.c.id == review_id).with_for_update())).one_or_none()
    return Review(*row) if row is not None else None


async def save_review_scores(connection: AsyncConnection, review: Review) -> None:
    """Write a scored review."""
    await update_rows(connection, reviews, [asdict(review)])


async def list_reviews(
    connection: AsyncConnection, *, state: str, agent_id: str | None, department: str | None, but: str, limit: int
) -> list[Review]:
    """Return sampled conversations, the oldest first where they are open, the newest score first otherwise.

    Those of the agent `but` are left out: nobody reviews their own.
    """
    query = select(*_COLUMNS).where(reviews.c.state == state, reviews.c.agent_id != but)
    if agent_id is not None:
        query = query.where(reviews.c.agent_id == agent_id)
    if department is not None:
        query = query.where(reviews.c.department == department)
    order = reviews.c.began_at if state == "open" else reviews.c.scored_at.desc()
    return [Review(*row) for row in await connection.execute(query.order_by(order, reviews.c.id).limit(limit))]


async def texts_of(connection: AsyncConnection, review_ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Return what was said in those conversations, in order, by the id of the review."""
    if not review_ids:
        return {}
    query = (
        select(texts.c.review_id, texts.c.source, texts.c.text, texts.c.at)
        .where(texts.c.review_id == any_(bindparam("ids", type_=ARRAY(Text))))
        .order_by(texts.c.review_id, texts.c.at, texts.c.id)
    )
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in await connection.execute(query, {"ids": list(review_ids)}):
        found.setdefault(row.review_id, []).append({"source": row.source, "text": row.text, "at": row.at})
    return found


async def contacts_of(connection: AsyncConnection, work_order_ids: Sequence[str]) -> dict[str, str]:
    """Return the contact that each of those work orders came from, where it is known."""
    query = (
        select(cases.c.work_order_id, cases.c.contact_id)
        .join(customers, customers.c.contact_id == cases.c.contact_id)
        .where(cases.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text))))
    )
    return {row[0]: row[1] for row in await connection.execute(query, {"ids": list(work_order_ids)})}


async def results(
    connection: AsyncConnection,
    since: datetime,
    until: datetime,
    zone: str,
    by: Literal["week", "month", "all"],
    agent_id: str | None = None,
    department: str | None = None,
) -> list[Result]:
    """Return the results of every agent and local period between two local midnights, in order of both."""
    given = {"since": since, "until": until, "zone": zone, "by": by, "agent": agent_id, "department": department}
    return [Result(*row) for row in await connection.execute(_RESULTS, given)]


async def open_reviews(connection: AsyncConnection) -> int:
    """Return how many conversations wait for their review."""
    return await connection.scalar(select(func.count()).where(reviews.c.state == "open")) or 0


_ADD_DAYS: Final = text(
    f"INSERT INTO {days.fullname} AS held (agent_id, department, day, texts, forbidden, evasions) "
    "SELECT * FROM unnest(CAST(:agent_id AS text[]), CAST(:department AS text[]), CAST(:day AS date[]), "
    "CAST(:texts AS integer[]), CAST(:forbidden AS integer[]), CAST(:evasions AS integer[])) "
    "ON CONFLICT (agent_id, department, day) DO UPDATE SET texts = held.texts + EXCLUDED.texts, "
    "forbidden = held.forbidden + EXCLUDED.forbidden, evasions = held.evasions + EXCLUDED.evasions"
)

# A review counts in the period in which the conversation began, beside the texts it is about. `all` is one period.
_RESULTS: Final = text(f"""
WITH span AS (
  SELECT CAST(CAST(:since AS timestamptz) AT TIME ZONE :zone AS date) AS since,
         CAST(CAST(:until AS timestamptz) AT TIME ZONE :zone AS date) AS until
), written AS (
  SELECT agent_id, department,
         CASE WHEN :by = 'all' THEN span.since ELSE CAST(date_trunc(:by, day) AS date) END AS period,
         sum(texts) AS texts, sum(forbidden) AS forbidden, sum(evasions) AS evasions
  FROM {days.fullname} CROSS JOIN span WHERE day >= span.since AND day < span.until GROUP BY 1, 2, 3
), scored AS (
  SELECT agent_id, department,
         CASE WHEN :by = 'all' THEN span.since ELSE CAST(date_trunc(:by, began_at AT TIME ZONE :zone) AS date) END AS period,
         count(*) AS reviews, avg(expression) AS expression, avg(problem_solving) AS problem_solving,
         avg(attitude) AS attitude
  FROM {reviews.fullname} CROSS JOIN span
  WHERE state = 'scored' AND began_at >= CAST(:since AS timestamptz) AND began_at < CAST(:until AS timestamptz)
  GROUP BY 1, 2, 3
)
SELECT agent_id, department, period, CAST(coalesce(texts, 0) AS integer), CAST(coalesce(forbidden, 0) AS integer),
       CAST(coalesce(evasions, 0) AS integer), CAST(coalesce(reviews, 0) AS integer),
       CAST(round(expression, 2) AS float8), CAST(round(problem_solving, 2) AS float8), CAST(round(attitude, 2) AS float8)
FROM written FULL JOIN scored USING (agent_id, department, period)
WHERE (CAST(:agent AS text) IS NULL OR agent_id = :agent)
  AND (CAST(:department AS text) IS NULL OR department = :department)
ORDER BY period, department, agent_id
""")
