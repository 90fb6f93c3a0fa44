"""The facts that reports are made from beside the cases, kept as events tell them, and the reports published.

No personal data (R-FB-05).
"""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.feedback.store.tables import metadata


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _words(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


contacts: Final = Table(
    "report_contacts",
    metadata,
    Column("contact_id", Text, primary_key=True),
    _words("channel"),
    _words("agent_id", nullable=True),
    _moment("at"),
    Column("missed", Boolean),
    Column("exceeded", JSONB, nullable=False),
    Index("report_contacts_by_time", "at"),
)
"""Contacts by when they were registered; `missed` is None of what is no call, `exceeded` names limits (R-IN-10)."""

deeds: Final = Table(
    "report_deeds",
    metadata,
    _words("work_order_id"),
    Column("version", Integer, nullable=False),
    _words("what"),
    Column("own", Boolean, nullable=False),
    _moment("at"),
    PrimaryKeyConstraint("work_order_id", "version"),
)
"""What was done that deadlines wait for, `own` by the owning department: how long a missed one lasted follows from it."""

reopenings: Final = Table(
    "report_reopenings",
    metadata,
    _words("work_order_id"),
    Column("cycle", Integer, nullable=False),
    _moment("at"),
    PrimaryKeyConstraint("work_order_id", "cycle"),
    Index("report_reopenings_by_time", "at"),
)

clocks: Final = Table(
    "report_clocks",
    metadata,
    Column("clock_id", Text, primary_key=True),
    _words("subject_id"),
    _words("metric"),
    _words("department"),
    Column("met", Boolean, nullable=False),
    _moment("due_at"),
    _moment("at"),
    Index("report_clocks_by_time", "at"),
    Index("report_clocks_of_subject", "subject_id"),
)
"""Deadlines as they ended: met at `at`, or breached when they were due, whenever that was noticed."""

answers: Final = Table(
    "report_answers",
    metadata,
    Column("callback_id", Text, primary_key=True),
    _words("work_order_id"),
    _words("kind"),
    _words("department"),
    _words("outcome"),
    Column("solved", Boolean),
    Column("score", Integer),
    _words("satisfaction"),
    _moment("at"),
    Index("report_answers_by_time", "at"),
    Index("report_answers_of_work_order", "work_order_id", "at"),
)

reports: Final = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    _words("report"),
    _moment("period_start"),
    _moment("period_end"),
    _moment("made_at"),
    _words("uri"),
    Column("totals", JSONB, nullable=False),
    Index("reports_by_period", "report", "period_start", unique=True),
)
"""Every report that was published, once per period, with its totals as they were then."""
