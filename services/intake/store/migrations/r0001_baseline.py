"""The tables of intake as they were when migrations began."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables

revision = "0001"
down_revision = None
mark = "6c4620e5554327bf"
"""By this the schema was known before."""


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "intake")
    op.create_table(
        "agent_calls",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("rings", sa.Integer(), nullable=False),
        sa.Column("introduction", sa.Integer(), nullable=False),
        sa.Column("hold", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "agent_id"),
        schema="intake",
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text()),
        sa.Column("honorific", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("company", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("tier", sa.Text()),
        sa.Column("industry", sa.Text()),
        sa.Column("member_no", sa.Text()),
        sa.Column("preferences", postgresql.JSONB(), nullable=False),
        sa.Column("provenance", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        schema="intake",
    )
    op.create_table(
        "differences",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text()),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("stage", "name"),
        schema="intake",
    )
    op.create_index(
        "differences_open", "differences", ["stage"], schema="intake", postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_table(
        "erasures",
        sa.Column("sequence", sa.BigInteger(), primary_key=True),
        schema="intake",
    )
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("result", postgresql.JSONB()),
        schema="intake",
    )
    op.create_index(
        "reconciliations_due",
        "reconciliations",
        ["due_at"],
        schema="intake",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "reconciliations_one_hourly",
        "reconciliations",
        ["kind"],
        unique=True,
        schema="intake",
        postgresql_where=sa.text("ended_at IS NULL AND kind = 'hourly'"),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_seconds", sa.Double()),
        sa.Column("agent_id", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("topic", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("attachments", postgresql.JSONB(), nullable=False),
        sa.Column("emotion", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("customer", postgresql.JSONB(), nullable=False),
        sa.Column("extra", postgresql.JSONB(), nullable=False),
        sa.Column("provenance", postgresql.JSONB(), nullable=False),
        sa.Column("dropped", postgresql.JSONB(), nullable=False),
        sa.Column("call", postgresql.JSONB()),
        sa.Column("completed", postgresql.JSONB()),
        sa.Column("traceparent", sa.Text()),
        sa.ForeignKeyConstraint(["customer_id"], ["intake.customers.id"], initially="DEFERRED", deferrable=True),
        sa.UniqueConstraint("source_id"),
        schema="intake",
    )
    op.create_index("contacts_occurred", "contacts", ["occurred_at"], schema="intake")
    op.create_index("contacts_registered", "contacts", ["registered_at"], schema="intake")
    op.create_index(op.f("ix_intake_contacts_customer_id"), "contacts", ["customer_id"], schema="intake")
    op.create_table(
        "identifiers",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["intake.customers.id"], initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("kind", "value"),
        schema="intake",
    )
    op.create_index(op.f("ix_intake_identifiers_customer_id"), "identifiers", ["customer_id"], schema="intake")
    op.create_table(
        "completions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed", postgresql.JSONB(), nullable=False),
        sa.Column("corrected", postgresql.JSONB(), nullable=False),
        sa.Column("shared", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["intake.contacts.id"], ondelete="CASCADE"),
        schema="intake",
    )
    op.create_index(op.f("ix_intake_completions_contact_id"), "completions", ["contact_id"], schema="intake")
