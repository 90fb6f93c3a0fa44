"""The tables of routing as they were when migrations began."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables

revision = "0001"
down_revision = None
mark = "a6c49d6d7ca43a27"
"""By this the schema was known before."""


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "routing")
    op.create_table(
        "batches",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("cutoff_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_orders", sa.Integer(), nullable=False),
        schema="routing",
    )
    op.create_index("batches_by_cutoff", "batches", ["cutoff_at", "department"], schema="routing")
    op.create_table(
        "collaborations",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("with_department", sa.Text(), nullable=False),
        sa.Column("deliverable", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("delivered_by", sa.Text()),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("result", sa.Text()),
        schema="routing",
    )
    op.create_index("collaborations_of_work_order", "collaborations", ["work_order_id"], schema="routing")
    op.create_table(
        "early_completions",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("event", postgresql.JSONB(), nullable=False),
        schema="routing",
    )
    op.create_index("early_completions_of_contact", "early_completions", ["contact_id"], schema="routing")
    op.create_table(
        "examples",
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("suggested_category", sa.Text()),
        sa.Column("suggested_topic", sa.Text()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "version"),
        schema="routing",
    )
    op.create_table(
        "identities",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("known", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "seq"),
        schema="routing",
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        schema="routing",
    )
    op.create_table(
        "matters",
        sa.Column("work_order_id", sa.Text(), primary_key=True),
        sa.Column("matter", postgresql.JSONB(), nullable=False),
        schema="routing",
    )
    op.create_table(
        "number_sequences",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
        schema="routing",
    )
    op.create_table(
        "presence",
        sa.Column("agent_id", sa.Text(), primary_key=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        schema="routing",
    )
    op.create_table(
        "promises",
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "version"),
        schema="routing",
    )
    op.create_table(
        "rotas",
        sa.Column("department", sa.Text(), primary_key=True),
        sa.Column("served", postgresql.JSONB(), nullable=False),
        schema="routing",
    )
    op.create_table(
        "steps",
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "version"),
        schema="routing",
    )
    op.create_table(
        "work_orders",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("sensitive_reasons", postgresql.JSONB(), nullable=False),
        sa.Column("attitude", sa.Text()),
        sa.Column("complaints_before", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("classified_by", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("suggested_category", sa.Text()),
        sa.Column("suggested_topic", sa.Text()),
        sa.Column("missing_fields", postgresql.JSONB(), nullable=False),
        sa.Column("cutoff_at", sa.DateTime(timezone=True)),
        sa.Column("confirmation_required", sa.Boolean(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.Text()),
        sa.Column("collaborators", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("tendency", sa.Text()),
        sa.Column("verification_reasons", postgresql.JSONB(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("tier", sa.Text()),
        sa.Column("conversation_ended_at", sa.DateTime(timezone=True)),
        sa.Column("links", postgresql.JSONB(), nullable=False),
        sa.Column("merged_into", sa.Text()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.Text()),
        sa.UniqueConstraint("contact_id"),
        sa.UniqueConstraint("number"),
        schema="routing",
    )
    op.create_index(
        "work_orders_by_tag",
        "work_orders",
        ["tags"],
        schema="routing",
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
        postgresql_where=sa.text("tags <> '[]'"),
    )
    op.create_index(
        "work_orders_ended",
        "work_orders",
        ["updated_at"],
        schema="routing",
        postgresql_where=sa.text("status IN ('closed', 'cancelled', 'merged')"),
    )
    op.create_index(
        "work_orders_in_hand",
        "work_orders",
        ["assignee"],
        schema="routing",
        postgresql_where=sa.text("status IN ('opened', 'responded', 'paused')"),
    )
    op.create_index(
        "work_orders_live",
        "work_orders",
        ["department", "status"],
        schema="routing",
        postgresql_where=sa.text("status NOT IN ('closed', 'cancelled', 'merged')"),
    )
    op.create_index("work_orders_of_customer", "work_orders", ["customer_id", "occurred_at"], schema="routing")
    op.create_index(
        "work_orders_waiting_for_cutoff",
        "work_orders",
        ["cutoff_at"],
        schema="routing",
        postgresql_where=sa.text(
            "batch_id IS NULL AND cutoff_at IS NOT NULL AND status NOT IN ('closed', 'cancelled', 'merged')"
        ),
    )
    op.create_table(
        "wrong_answers",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="routing",
    )
    op.create_index("wrong_answers_of_customer", "wrong_answers", ["customer_id", "at"], schema="routing")
