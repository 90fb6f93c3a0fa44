"""The figures of a report, read from the facts: one statement for each kind of figure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.report.model import Answers, Case, Deadlines, Problem, Telephone, Totals, Work
from services.feedback.domain.report.period import Period
from services.feedback.store.report_tables import answers, clocks, contacts, deeds, reopenings
from services.feedback.store.tables import cases


def _span(period: Period) -> dict[str, Any]:
    return {"since": period.start_at, "until": period.end_at}


async def begun_at(connection: AsyncConnection) -> datetime | None:
    """Return the time of the first fact, None where there is none."""
    began: datetime | None = await connection.scalar(_BEGUN)
    return began


async def totals_of(connection: AsyncConnection, periods: Sequence[Period]) -> list[Totals]:
    """Return the totals of each period."""
    given = {"since": [one.start_at for one in periods], "until": [one.end_at for one in periods]}
    return [Totals(*row) for row in await connection.execute(_TOTALS, given)]


async def work(connection: AsyncConnection, period: Period) -> list[Work]:
    """Return the work orders by department and category."""
    return [Work(*row) for row in await connection.execute(_WORK, _span(period))]


async def deadlines(connection: AsyncConnection, period: Period) -> list[Deadlines]:
    """Return the deadlines that ended, by department, category and metric."""
    return [Deadlines(*row) for row in await connection.execute(_DEADLINES, _span(period))]


async def answered(connection: AsyncConnection, period: Period) -> list[Answers]:
    """Return what customers answered, by department and category."""
    return [Answers(*row) for row in await connection.execute(_ANSWERS, _span(period))]


async def channels(connection: AsyncConnection, period: Period) -> list[tuple[str, int]]:
    """Return how many contacts came by each channel, the most first."""
    return [(row[0], row[1]) for row in await connection.execute(_CHANNELS, _span(period))]


async def problems(connection: AsyncConnection, period: Period, limit: int) -> list[Problem]:
    """Return the topics of most work orders."""
    return [Problem(*row) for row in await connection.execute(_PROBLEMS, _span(period) | {"limit": limit})]


async def telephone(connection: AsyncConnection, period: Period) -> list[Telephone]:
    """Return the calls of each agent and the limits exceeded."""
    return [Telephone(*row) for row in await connection.execute(_TELEPHONE, _span(period))]


async def customers_of(connection: AsyncConnection, period: Period, limit: int) -> dict[str, str]:
    """Return the contacts behind the work orders last opened in the period, each with the id of its customer."""
    return {row[0]: row[1] for row in await connection.execute(_CUSTOMERS, _span(period) | {"limit": limit})}


async def good_cases(
    connection: AsyncConnection, period: Period, categories: Sequence[str], score: int, limit: int, *, complaints: bool
) -> list[Case]:
    """Return cases closed as solved, at once and to the customer's satisfaction, the best first.

    `complaints` takes those of `categories`, satisfied or with that score; otherwise all others with that score.
    """
    given = {"categories": list(categories), "score": score, "limit": limit, "complaints": complaints}
    return [Case(*row) for row in await connection.execute(_GOOD, _span(period) | given)]


async def worst_breaches(connection: AsyncConnection, period: Period, now: datetime, limit: int) -> list[Case]:
    """Return the deadlines missed by most, one for each work order; what is still open counts until `now`."""
    rows = await connection.execute(_WORST, _span(period) | {"now": now, "limit": limit})
    return [
        Case(
            number=row.number,
            category=row.category,
            topic=row.topic,
            department=row.department,
            grade=row.grade,
            reopenings=row.reopenings,
            metric=row.metric,
            overdue_seconds=row.overdue,
            pending=row.pending,
        )
        for row in rows
    ]


def _within(column: str) -> str:
    return f"{column} >= CAST(:since AS timestamptz) AND {column} < CAST(:until AS timestamptz)"


_ORDERS: Final = f"""(
  SELECT work_order_id, number, contact_id, customer_id, category, topic, department, grade, opened_at, ended_at, outcome,
         CASE WHEN status = 'closed' THEN ended_at END AS closed_at,
         CASE WHEN status IN ('cancelled', 'merged') THEN ended_at END AS cancelled_at,
         cycle - 1 AS reopenings
  FROM {cases.fullname}
)"""
"""Work orders as they are now: one that was reopened has neither `closed_at` nor `cancelled_at` until it ends again."""

_BEGUN: Final = text(
    f"SELECT least((SELECT min(at) FROM {contacts.fullname}), (SELECT min(opened_at) FROM {cases.fullname}))"
)
_ASKED: Final = "kind IN ('callback', 'survey')"  # the second contact after a low score is no further opinion

_TOTALS: Final = text(f"""
SELECT
  (SELECT count(*) FROM {contacts.fullname} WHERE at >= since AND at < until),
  (SELECT count(*) FROM {cases.fullname} WHERE opened_at >= since AND opened_at < until),
  (SELECT count(*) FROM {cases.fullname} WHERE ended_at >= since AND ended_at < until AND status = 'closed'),
  (SELECT count(*) FROM {reopenings.fullname} WHERE at >= since AND at < until),
  ended.met, ended.breached, said.answers, said.rated, said.content, said.scored, said.score_sum
FROM unnest(CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])) WITH ORDINALITY AS span(since, until, place)
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE met) AS met, count(*) FILTER (WHERE NOT met) AS breached
  FROM {clocks.fullname} WHERE at >= since AND at < until
) AS ended
CROSS JOIN LATERAL (
  SELECT count(*) AS answers, count(*) FILTER (WHERE satisfaction <> 'not_rated') AS rated,
         count(*) FILTER (WHERE satisfaction IN ('very_satisfied', 'satisfied')) AS content,
         count(score) AS scored, coalesce(sum(score), 0) AS score_sum
  FROM {answers.fullname} WHERE {_ASKED} AND outcome = 'reached' AND at >= since AND at < until
) AS said
ORDER BY place
""")

_WORK: Final = text(f"""
WITH counted AS (
  SELECT department, category, count(*) FILTER (WHERE {_within("opened_at")}) AS opened,
         count(*) FILTER (WHERE {_within("closed_at")}) AS closed,
         count(*) FILTER (WHERE {_within("cancelled_at")}) AS cancelled,
         count(*) FILTER (WHERE coalesce(closed_at, cancelled_at, 'infinity') >= CAST(:until AS timestamptz)) AS open
  FROM {_ORDERS} AS opened WHERE opened_at < CAST(:until AS timestamptz) GROUP BY 1, 2
), again AS (
  SELECT department, category, count(*) AS reopened FROM {reopenings.fullname} AS r
  JOIN {_ORDERS} AS opened USING (work_order_id) WHERE {_within("r.at")} GROUP BY 1, 2
)
SELECT department, category, opened, closed, cancelled, coalesce(reopened, 0), open
FROM counted LEFT JOIN again USING (department, category)
WHERE opened + closed + cancelled + open + coalesce(reopened, 0) > 0
ORDER BY department, category
""")

_DEADLINES: Final = text(f"""
SELECT clock.department, category, metric, count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met)
FROM {clocks.fullname} AS clock LEFT JOIN {_ORDERS} AS opened ON work_order_id = subject_id
WHERE {_within("clock.at")} GROUP BY 1, 2, 3 ORDER BY 1, 2 NULLS LAST, 3
""")

_LEVEL: Final = "count(*) FILTER (WHERE outcome = 'reached' AND satisfaction = '{}')"
_LEVELS: Final = ", ".join(
    _LEVEL.format(level)
    for level in ("very_satisfied", "satisfied", "neutral", "dissatisfied", "very_dissatisfied", "not_rated")
)
_ANSWERS: Final = text(f"""
SELECT answer.department, category, count(*) FILTER (WHERE answer.outcome = 'reached'),
       count(*) FILTER (WHERE answer.outcome = 'no_answer'), count(*) FILTER (WHERE answer.outcome = 'refused'),
       count(*) FILTER (WHERE solved), count(*) FILTER (WHERE NOT solved), count(score), coalesce(sum(score), 0),
       {_LEVELS.replace("outcome", "answer.outcome")}
FROM {answers.fullname} AS answer LEFT JOIN {_ORDERS} AS opened USING (work_order_id)
WHERE {_ASKED} AND {_within("answer.at")} GROUP BY 1, 2 ORDER BY 1, 2 NULLS LAST
""")

_CHANNELS: Final = text(
    f"SELECT channel, count(*) FROM {contacts.fullname} WHERE {_within('at')} GROUP BY 1 ORDER BY 2 DESC, 1"
)
_PROBLEMS: Final = text(
    f"SELECT category, topic, count(*) FROM {_ORDERS} AS opened WHERE {_within('opened_at')} "
    "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 NULLS FIRST LIMIT :limit"
)
_TELEPHONE: Final = text(f"""
SELECT agent_id, count(*), count(*) FILTER (WHERE missed), count(*) FILTER (WHERE exceeded ? 'rings'),
       count(*) FILTER (WHERE exceeded ? 'introduction'), count(*) FILTER (WHERE exceeded ? 'hold'),
       count(*) FILTER (WHERE exceeded ? 'call')
FROM {contacts.fullname} WHERE missed IS NOT NULL AND {_within("at")} GROUP BY 1 ORDER BY 1 NULLS LAST
""")
_CUSTOMERS: Final = text(
    f"SELECT contact_id, customer_id FROM {_ORDERS} AS opened WHERE {_within('opened_at')} "
    "ORDER BY opened_at DESC LIMIT :limit"
)

_GOOD: Final = text(f"""
SELECT number, category, topic, held.department, grade, last.score, last.satisfaction, reopenings
FROM {_ORDERS} AS held CROSS JOIN LATERAL (
  SELECT score, satisfaction, solved FROM {answers.fullname} AS answer
  WHERE answer.work_order_id = held.work_order_id AND {_ASKED} AND answer.outcome = 'reached' ORDER BY at DESC LIMIT 1
) AS last
WHERE {_within("ended_at")} AND closed_at IS NOT NULL AND held.outcome = 'resolved' AND reopenings = 0 AND last.solved IS NOT FALSE
  AND (category = ANY(CAST(:categories AS text[]))) = :complaints
  AND (last.score >= :score OR (:complaints AND last.score IS NULL AND last.satisfaction IN ('very_satisfied', 'satisfied')))
ORDER BY last.score DESC NULLS LAST, closed_at, number LIMIT :limit
""")

# A missed deadline says when it was due, not when the matter was dealt with: that follows from what the metric awaits.
_WORST: Final = text(f"""
WITH missed AS (
  SELECT held.*, metric, due_at, least(
      (SELECT min(deed.at) FROM {deeds.fullname} AS deed
       WHERE deed.work_order_id = held.work_order_id AND deed.at > due_at AND CASE
         WHEN metric = 'first_response' THEN what IN ('told', 'noted', 'resolved')
         WHEN metric = 'department_response' THEN own AND what IN ('told', 'noted', 'resolved')
         WHEN metric IN ('resolution', 'rework') THEN what = 'resolved'
         WHEN metric IN ('progress_update', 'progress_relay', 'promise', 'customer_reply') THEN what = 'told'
         WHEN metric = 'collaboration_start' THEN what IN ('asked', 'resolved')
         WHEN metric = 'collaboration' THEN what = 'delivered'
         WHEN metric = 'record_entry' THEN what = 'completed'
         ELSE false END),
      (SELECT min(answer.at) FROM {answers.fullname} AS answer
       WHERE answer.work_order_id = held.work_order_id AND answer.at > due_at AND CASE
         WHEN metric IN ('callback', 'supervisor_contact') THEN kind = metric
         WHEN metric IN ('progress_update', 'progress_relay', 'promise', 'customer_reply')
           THEN answer.outcome = 'reached' AND kind <> 'survey'
         ELSE false END)
    ) AS done_at
  FROM {clocks.fullname} AS clock JOIN {_ORDERS} AS held ON work_order_id = subject_id
  WHERE NOT met AND {_within("clock.at")}
), measured AS (
  SELECT *, coalesce(done_at, closed_at, cancelled_at) IS NULL AS pending,
         CAST(greatest(extract(epoch FROM coalesce(done_at, closed_at, cancelled_at, CAST(:now AS timestamptz)) - due_at), 0)
              AS integer) AS overdue
  FROM missed
), worst AS (
  SELECT DISTINCT ON (work_order_id) * FROM measured ORDER BY work_order_id, overdue DESC, metric
)
SELECT number, category, topic, department, grade, reopenings, metric, overdue, pending
FROM worst ORDER BY overdue DESC, number LIMIT :limit
""")
