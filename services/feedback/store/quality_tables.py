"""The tables of quality. Texts are kept of sampled conversations only, for their review (R-FB-06)."""

from typing import Final

from sqlalchemy import Column, Date, DateTime, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from services.feedback.store.tables import metadata


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _words(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


days: Final = Table(
    "quality_days",
    metadata,
    _words("agent_id"),
    _words("department"),
    Column("day", Date, nullable=False),
    Column("texts", Integer, nullable=False),
    Column("forbidden", Integer, nullable=False),
    Column("evasions", Integer, nullable=False),
    PrimaryKeyConstraint("agent_id", "department", "day"),
    Index("quality_days_by_day", "day"),
)
"""How many texts each agent wrote on each local day, and what was found in them."""

findings: Final = Table(
    "quality_findings",
    metadata,
    Column("id", Text, primary_key=True),
    _words("work_order_id"),
    _words("agent_id"),
    _words("department"),
    _words("source"),
    _words("kind"),
    _words("phrase"),
    _words("matched"),
    _moment("at"),
    Index("quality_findings_of_agent", "agent_id", "at"),
    Index("quality_findings_by_time", "at"),
)

reviews: Final = Table(
    "quality_reviews",
    metadata,
    Column("id", Text, primary_key=True),
    _words("work_order_id"),
    _words("number"),
    _words("agent_id"),
    _words("department"),
    _moment("began_at"),
    _moment("last_at"),
    _words("state"),
    Column("expression", Integer),
    Column("problem_solving", Integer),
    Column("attitude", Integer),
    _words("comment"),
    _words("reviewer", nullable=True),
    _moment("scored_at", nullable=True),
    Index("quality_reviews_open", "began_at", postgresql_where=text("state = 'open'")),
    Index("quality_reviews_scored", "scored_at", postgresql_where=text("state = 'scored'")),
)

texts: Final = Table(
    "quality_texts",
    metadata,
    Column("id", Text, primary_key=True),
    _words("review_id"),
    _words("source"),
    _words("text"),
    _moment("at"),
    Index("quality_texts_of_review", "review_id", "at"),
)
