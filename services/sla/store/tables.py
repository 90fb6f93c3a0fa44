"""The schema `sla`: clocks, what is remembered of work orders and agents, policies, rebases, and the runtime's own tables."""

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
NOT_OVER = "state NOT IN ('met', 'ended', 'cancelled')"
"""The same, for who looks for the clocks of some owners: worded so that PostgreSQL does not know the index of live clocks for it.

Where all clocks were over when it last looked, it takes that index for empty, and would read the whole of it for every batch.
"""

clocks = Table(
    "clocks",
    metadata,
    Column("id", Text, primary_key=True),
    # The work order or agent whose events move the clock; a return call's clock is its work order's.
    Column("owner", Text, nullable=False),
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
    Column("known_at", DateTime(timezone=True), nullable=False),
    Column("used", Interval, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("warned", Integer, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("next_mark", Text),
    Column("grade", Text),
    Column("about", Text),
    Column("policy_version", Text),
    Column("edition", Integer, nullable=False),
    Column("traceparent", Text),
    # One clock per metric and cycle, for ever; a cancelled one makes room for its successor (R-SLA-09): nulls differ.
    # Beside that it finds the clocks of a work order or agent.
    Index(
        "clocks_key",
        "owner",
        "metric",
        "cycle",
        "subject_id",
        text("(CASE WHEN state <> 'cancelled' THEN 0 END)"),
        unique=True,
    ),
    # Warnings, breaches and the ladder are found here, and the gauges read nothing else; what nothing can happen to
    # any more is not in it.
    Index(
        "clocks_live",
        "next_at",
        postgresql_include=["department", "metric", "state", "due_at", "provisional"],
        postgresql_where=text(LIVE),
    ),
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
    Column("early", JSONB, nullable=False),
    Column("number", Text),
    # The work orders that a rebase may move.
    Index("subjects_open", "department", postgresql_where=text("NOT ended")),
)
"""Work orders."""

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("cycle", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True)),
)

policies = Table(
    "policies",
    metadata,
    Column("version", Text, primary_key=True),
    Column("content", JSONB, nullable=False),
    Column("first_used_at", DateTime(timezone=True), nullable=False),
)
"""Every policy that was ever in force, so that a work order keeps the one of its opening (R-SLA-12)."""

holiday_data = Table(
    "holiday_data",
    metadata,
    Column("edition", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("first_used_at", DateTime(timezone=True), nullable=False),
)
"""The changes of the holiday data, counted (R-SLA-13)."""

actions = Table(
    "actions",
    metadata,
    # Of the clock, the step and the plugin: one escalation sets an action off once.
    Column("id", Text, primary_key=True),
    # The work order or agent of the clock.
    Column("owner", Text, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("event", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When it is due; while an attempt is in hand, when somebody else may take it up.
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Index("actions_due", "plugin", "next_at", postgresql_where=text("state = 'waiting'")),
    Index("actions_to_look_at", "state", "created_at", postgresql_where=text("state IN ('refused', 'dead')")),
    Index("actions_owner", "owner"),
)
"""What escalations set off besides messages (ADR 0036)."""

rebases = Table(
    "rebases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("command_id", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("metric", Text),
    Column("department", Text),
    Column("work_order_id", Text),
    Column("policy_version", Text, nullable=False),
    Column("work_orders", Integer, nullable=False),
    Column("moved", JSONB, nullable=False),
    Index("rebases_by_time", "at"),
)
"""Who moved which clocks onto which policy, when and why; `moved` has each clock's due time before and after (R-SLA-12)."""
