"""The tables that the runtime keeps in every service's own schema."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


@dataclass(frozen=True, slots=True)
class RuntimeTables:
    """Inbox, outbox, dead letters, parked events, versions seen and commands answered of one service."""

    inbox: Table
    outbox: Table
    dead_letters: Table
    parked: Table
    versions: Table
    commands: Table


def runtime_tables(metadata: MetaData) -> RuntimeTables:
    """Add the runtime's tables to the service's `metadata` and return them."""
    return RuntimeTables(
        inbox=Table(
            "inbox",
            metadata,
            Column("message_id", Text, primary_key=True),
            _stamp("received_at"),
            Index("inbox_age", "received_at"),
        ),
        outbox=Table(
            "outbox",
            metadata,
            Column("id", BigInteger, Identity(), primary_key=True),
            Column("events", Integer, nullable=False),
            Column("body", LargeBinary, nullable=False),
            _stamp("created_at"),
            Column("sent_at", DateTime(timezone=True)),
            Index("outbox_age", "created_at"),
            Index("outbox_unsent", "created_at", postgresql_where=text("sent_at IS NULL")),
            # Each row of a month dies once: what is unsent must not be looked for among a fifth of them.
            postgresql_with={"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_analyze_scale_factor": 0.02},
        ),
        dead_letters=Table(
            "dead_letters",
            metadata,
            Column("id", BigInteger, Identity(), primary_key=True),
            Column("stream", Text, nullable=False),
            Column("sequence", BigInteger, nullable=False),
            Column("subject", Text, nullable=False),
            Column("message_id", Text),
            Column("reason", Text, nullable=False),
            Column("errors", JSONB, nullable=False),
            Column("body", LargeBinary, nullable=False),
            _stamp("received_at"),
            Column("state", Text, nullable=False, server_default="open"),
            Column("replays", Integer, nullable=False, server_default="0"),
            Column("acted_by", Text),
            Column("acted_at", DateTime(timezone=True)),
            Column("note", Text),
            Index("dead_letters_place", "sequence", "stream", text("sha256(body)"), unique=True),
            Index("dead_letters_message", "message_id"),
            Index("dead_letters_open", "id", postgresql_where=text("state = 'open'")),
        ),
        parked=Table(
            "parked",
            metadata,
            Column("work_order_id", Text, primary_key=True),
            Column("version", Integer, primary_key=True),
            Column("stream", Text, nullable=False),
            Column("sequence", BigInteger, nullable=False),
            Column("subject", Text, nullable=False),
            Column("body", LargeBinary, nullable=False),
            _stamp("parked_at"),
        ),
        versions=Table(
            "versions",
            metadata,
            Column("work_order_id", Text, primary_key=True),
            Column("version", Integer, nullable=False),
            postgresql_with={"fillfactor": 60},  # a version moves in its first seconds: it finds room on its own page
        ),
        commands=Table(
            "commands",
            metadata,
            Column("command_id", Text, primary_key=True),
            Column("subject", Text, nullable=False),
            Column("digest", Text, nullable=False),
            Column("reply", LargeBinary, nullable=False),
            _stamp("answered_at"),
            Index("commands_age", "answered_at"),
        ),
    )


def _stamp(name: str) -> Column[datetime]:
    """Return a column that PostgreSQL fills with the real time of the insert."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())
