"""The schema `sla`: clocks, what is remembered of their work orders, and the runtime's own tables."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    Interval,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.bus.tables import runtime_tables
from shared.db import schema_of

metadata = schema_of("sla")
runtime = runtime_tables(metadata)

LIVE = "state IN ('running', 'paused', 'breached')"

clocks = Table(
    "clocks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("department", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("target", Interval, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("used", Interval, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("warned", Integer, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("next_mark", Text),
    Column("traceparent", Text),
    # One clock per metric and cycle, for ever; a cancelled one makes room for its successor (R-SLA-09).
    Index(
        "clocks_key",
        "subject_type",
        "subject_id",
        "metric",
        "cycle",
        unique=True,
        postgresql_where=text("state <> 'cancelled'"),
    ),
    # Warnings, breaches and the ladder are all found here; what nothing can happen to any more is not in it.
    Index("clocks_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("clocks_live", "subject_id", postgresql_where=text(LIVE)),
    # The gauges read only this.
    Index("clocks_gauges", "department", "metric", "state", "due_at", postgresql_where=text(LIVE)),
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("category", Text),
    Column("topic", Text),
    Column("grade", Text),
    Column("department", Text),
    Column("cycle", Integer, nullable=False),
    Column("cycle_started_at", DateTime(timezone=True)),
    Column("paused_at", DateTime(timezone=True)),
    Column("pauses", JSONB, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("policy_version", Text),
    Column("targets", JSONB, nullable=False),
    Column("armed", JSONB, nullable=False),
    Column("heard_at", DateTime(timezone=True)),
    Column("told_at", DateTime(timezone=True)),
    Column("called_at", DateTime(timezone=True)),
    Column("called_cycle", Integer),
)
