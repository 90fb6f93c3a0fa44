"""The tables of the probe."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "probe")
    op.create_table(
        "effects",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        schema="probe",
    )
