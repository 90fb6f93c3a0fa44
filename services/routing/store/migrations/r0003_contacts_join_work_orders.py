"""A contact that answers an earlier message joins its work order (ADR 0040): which messages and contacts belong to which."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    op.create_table(
        "messages",
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("work_order_id", sa.Text, nullable=False),
        schema="routing",
    )
    op.create_index("messages_of_work_order", "messages", ["work_order_id"], schema="routing")
    op.create_table(
        "joined_contacts",
        sa.Column("contact_id", sa.Text, primary_key=True),
        sa.Column("work_order_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        schema="routing",
    )
    op.create_index("joined_contacts_of_work_order", "joined_contacts", ["work_order_id"], schema="routing")
