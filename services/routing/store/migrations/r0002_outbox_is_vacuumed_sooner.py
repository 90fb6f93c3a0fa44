"""The outbox is vacuumed when a fiftieth of it has changed, instead of a fifth."""

from alembic.operations import Operations

from shared.provision.runtime_migrations.r0002_outbox_is_vacuumed_sooner import vacuum_the_outbox_sooner

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    vacuum_the_outbox_sooner(op, "routing")
