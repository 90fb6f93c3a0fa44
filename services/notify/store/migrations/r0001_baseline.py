"""The tables of notify as they were when migrations began."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables

revision = "0001"
down_revision = None
mark = "11d6cf14297c5132"
"""By this the schema was known before."""


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "notify")
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("honorific", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("preferred", sa.Text()),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("employee", sa.Text()),
        sa.Column("handle", sa.Text()),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        schema="notify",
    )
    op.create_table(
        "digests",
        sa.Column("recipient", sa.Text(), primary_key=True),
        sa.Column("last_at", sa.DateTime(timezone=True)),
        schema="notify",
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        schema="notify",
    )
    op.create_table(
        "limits",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("taken", postgresql.JSONB(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True)),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        schema="notify",
    )
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.Text(), primary_key=True),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("work_order_id", sa.Text()),
        sa.Column("values", postgresql.JSONB(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("transport", sa.Text()),
        sa.Column("to_masked", sa.Text()),
        sa.Column("route", sa.Integer(), nullable=False),
        sa.Column("spent", postgresql.JSONB(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("receipt", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("claimed_by", sa.BigInteger()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        schema="notify",
    )
    op.create_index(
        "notifications_for_review",
        "notifications",
        ["state", "created_at"],
        schema="notify",
        postgresql_where=sa.text("state IN ('failed', 'unknown', 'suppressed', 'discarded')"),
    )
    op.create_index(
        "notifications_of_none",
        "notifications",
        ["created_at"],
        schema="notify",
        postgresql_where=sa.text("work_order_id IS NULL"),
    )
    op.create_index("notifications_of_work_order", "notifications", ["work_order_id"], schema="notify")
    op.create_index(
        "notifications_queued",
        "notifications",
        ["urgency", "next_attempt_at"],
        schema="notify",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "notifications_reference",
        "notifications",
        ["reference"],
        schema="notify",
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "notifications_sending",
        "notifications",
        ["lease_until"],
        schema="notify",
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "notifications_waiting",
        "notifications",
        ["work_order_id"],
        schema="notify",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "suppressions",
        sa.Column("fingerprint", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("to_masked", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("notification_id", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="notify",
    )
    op.create_table(
        "troubles",
        sa.Column("notification_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("to_masked", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notification_id", "attempt", "what"),
        schema="notify",
    )
    op.create_table(
        "work_orders",
        sa.Column("work_order_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cutoff_at", sa.DateTime(timezone=True)),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("concerned", postgresql.JSONB(), nullable=False),
        schema="notify",
    )
