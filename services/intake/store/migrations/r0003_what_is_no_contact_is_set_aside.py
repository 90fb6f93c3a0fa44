"""Messages that are no contact (bounces, automatic answers, our own mail) are recorded beside the contacts (ADR 0040)."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    op.create_table(
        "asides",
        sa.Column("source_id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        schema="intake",
    )
    op.create_index("asides_recorded", "asides", ["recorded_at"], schema="intake")
