"""Escalations set off actions, and a clock's work order is known by its number (ADR 0036)."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("event", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="sla",
    )
    op.create_index(
        "actions_due",
        "actions",
        ["plugin", "next_at"],
        unique=False,
        schema="sla",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("actions_owner", "actions", ["owner"], unique=False, schema="sla")
    op.create_index(
        "actions_to_look_at",
        "actions",
        ["state", "created_at"],
        unique=False,
        schema="sla",
        postgresql_where=sa.text("state IN ('refused', 'dead')"),
    )
    op.add_column("subjects", sa.Column("number", sa.Text(), nullable=True), schema="sla")
