"""The tables of the clerk."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables
from shared.provision.runtime_migrations.r0002_outbox_is_vacuumed_sooner import vacuum_the_outbox_sooner

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "clerk")
    vacuum_the_outbox_sooner(op, "clerk")
    op.create_table(
        "effects",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        schema="clerk",
    )
