"""The tables of sla as they were when migrations began."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables

revision = "0001"
down_revision = None
mark = "2a8e052d234cb8e3"
"""By this the schema was known before."""


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "sla")
    op.create_table(
        "agents",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True)),
        schema="sla",
    )
    op.create_table(
        "clocks",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("target", sa.Interval(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Interval(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("next_mark", sa.Text()),
        sa.Column("grade", sa.Text()),
        sa.Column("about", sa.Text()),
        sa.Column("policy_version", sa.Text()),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("traceparent", sa.Text()),
        schema="sla",
    )
    op.create_index(
        "clocks_key",
        "clocks",
        ["owner", "metric", "cycle", "subject_id", sa.literal_column("(CASE WHEN state <> 'cancelled' THEN 0 END)")],
        unique=True,
        schema="sla",
    )
    op.create_index(
        "clocks_live",
        "clocks",
        ["next_at"],
        schema="sla",
        postgresql_include=["department", "metric", "state", "due_at", "provisional"],
        postgresql_where=sa.text("state IN ('running', 'paused', 'breached')"),
    )
    op.create_table(
        "holiday_data",
        sa.Column("edition", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        schema="sla",
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Text(), primary_key=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        schema="sla",
    )
    op.create_table(
        "rebases",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text()),
        sa.Column("department", sa.Text()),
        sa.Column("work_order_id", sa.Text()),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("work_orders", sa.Integer(), nullable=False),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        schema="sla",
    )
    op.create_index("rebases_by_time", "rebases", ["at"], schema="sla")
    op.create_table(
        "subjects",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("category", sa.Text()),
        sa.Column("topic", sa.Text()),
        sa.Column("grade", sa.Text()),
        sa.Column("department", sa.Text()),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("cycle_started_at", sa.DateTime(timezone=True)),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
        sa.Column("pauses", postgresql.JSONB(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("policy_version", sa.Text()),
        sa.Column("targets", postgresql.JSONB(), nullable=False),
        sa.Column("armed", postgresql.JSONB(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("called_at", sa.DateTime(timezone=True)),
        sa.Column("called_cycle", sa.Integer()),
        sa.Column("early", postgresql.JSONB(), nullable=False),
        schema="sla",
    )
    op.create_index("subjects_open", "subjects", ["department"], schema="sla", postgresql_where=sa.text("NOT ended"))
