"""The runtime's tables as they were when migrations began: inbox, outbox, dead letters, parked, versions, commands."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB


def create_runtime_tables(op: Operations, schema: str) -> None:
    """Make the six tables in `schema`."""
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.Text(), primary_key=True),
        _stamp("received_at"),
        schema=schema,
    )
    op.create_index("inbox_age", "inbox", ["received_at"], schema=schema)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _stamp("created_at"),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        schema=schema,
    )
    op.create_index("outbox_age", "outbox", ["created_at"], schema=schema)
    op.create_index(
        "outbox_unsent", "outbox", ["created_at"], schema=schema, postgresql_where=sa.text("sent_at IS NULL")
    )
    _dead_letters(op, schema)
    op.create_table(
        "parked",
        sa.Column("work_order_id", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _stamp("parked_at"),
        schema=schema,
    )
    op.create_table(
        "versions",
        sa.Column("work_order_id", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        schema=schema,
        postgresql_with={"fillfactor": 60},
    )
    op.create_table(
        "commands",
        sa.Column("command_id", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        _stamp("answered_at"),
        schema=schema,
    )
    op.create_index("commands_age", "commands", ["answered_at"], schema=schema)


def _dead_letters(op: Operations, schema: str) -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("errors", JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _stamp("received_at"),
        sa.Column("state", sa.Text(), nullable=False, server_default="open"),
        sa.Column("replays", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("acted_by", sa.Text()),
        sa.Column("acted_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text()),
        schema=schema,
    )
    body = sa.text("sha256(body)")
    op.create_index("dead_letters_place", "dead_letters", ["sequence", "stream", body], schema=schema, unique=True)
    op.create_index("dead_letters_message", "dead_letters", ["message_id"], schema=schema)
    op.create_index(
        "dead_letters_open", "dead_letters", ["id"], schema=schema, postgresql_where=sa.text("state = 'open'")
    )


def _stamp(name: str) -> sa.Column[object]:
    """Return a column that PostgreSQL fills with the real time of the insert."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()"))
