"""The tables of notify. Addresses are in `contacts` alone; elsewhere they are masked, or keyed fingerprints."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.bus.tables import runtime_tables
from shared.db import schema_of

metadata = schema_of("notify")
runtime = runtime_tables(metadata)


def _moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


contacts = Table(
    "contacts",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("name", Text),
    Column("honorific", Text),
    Column("phone", Text),
    Column("email", Text),
    Column("preferred", Text),
    Column("problem", Text, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("plain", Boolean, nullable=False),
    Column("employee", Text),
    Column("handle", Text),
    Column("completed", Boolean, nullable=False),
    Column("ready", Boolean, nullable=False),
)

work_orders = Table(
    "work_orders",
    metadata,
    Column("work_order_id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("topic", Text),
    Column("grade", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("assignee", Text),
    Column("outcome", Text),
    Column("result", Text, nullable=False),
    _moment("occurred_at"),
    _moment("cutoff_at", nullable=True),
    Column("moved", Integer, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("concerned", JSONB, nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    # derived from (what is told once, purpose, audience, recipient): the same notice has the same id (R-NT-04)
    Column("notification_id", Text, primary_key=True),
    Column("cause_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("work_order_id", Text),
    Column("values", JSONB, nullable=False),
    Column("traceparent", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued, waiting, sending, sent, failed, unknown, suppressed, discarded
    Column("urgency", SmallInteger, nullable=False),  # 0 goes first
    Column("channel", Text),
    Column("transport", Text),
    Column("to_masked", Text),
    Column("route", Integer, nullable=False),  # which of the channel's transports is next
    Column("spent", JSONB, nullable=False),  # channels whose address refused it for good
    Column("attempt", Integer, nullable=False),  # all of them
    Column("tries", Integer, nullable=False),  # those on this channel since an operator last asked for it
    Column("reason", Text),
    Column("reference", Text),  # the provider's own name for it
    Column("receipt", Text),  # delivered, failed, bounced
    _moment("created_at"),
    _moment("next_attempt_at"),
    _moment("settled_at", nullable=True),
    Column("claimed_by", BigInteger),
    _moment("lease_until", nullable=True),  # real time, whatever clock the business rehearses with
    Index("notifications_queued", "urgency", "next_attempt_at", postgresql_where=text("state = 'queued'")),
    Index("notifications_of_work_order", "work_order_id"),
    Index("notifications_of_none", "created_at", postgresql_where=text("work_order_id IS NULL")),
    Index("notifications_reference", "reference", postgresql_where=text("reference IS NOT NULL")),
    Index("notifications_waiting", "work_order_id", postgresql_where=text("state = 'waiting'")),
    Index("notifications_sending", "lease_until", postgresql_where=text("state = 'sending'")),
    Index(
        "notifications_for_review",
        "state",
        "created_at",
        postgresql_where=text("state IN ('failed', 'unknown', 'suppressed', 'discarded')"),
    ),
)

troubles = Table(
    "troubles",
    metadata,
    # every attempt that was not simply taken, and every receipt; a smooth delivery leaves none
    Column("notification_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("what", Text, primary_key=True),  # retry, rejected, unknown, delivered, failed, bounced
    Column("channel", Text, nullable=False),
    Column("transport", Text, nullable=False),
    Column("to_masked", Text, nullable=False),
    Column("reason", Text),
    _moment("at"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("to_masked", Text, nullable=False),
    Column("reason", Text, nullable=False),  # unsubscribed, invalid, bounced, blocked
    Column("by", Text, nullable=False),
    Column("notification_id", Text),  # the message that showed it
    _moment("at"),
)

digests = Table(
    "digests",
    metadata,
    Column("recipient", Text, primary_key=True),  # which kind of digest, and whose
    _moment("last_at", nullable=True),
)

limits = Table(
    "limits",
    metadata,
    Column("name", Text, primary_key=True),  # a transport, or the fingerprint of a recipient
    Column("taken", JSONB, nullable=False),  # departures that still count, in microseconds since 1970
    _moment("booked_at", nullable=True),
    Column("booked", Integer, nullable=False),
    _moment("touched_at"),
)

keys = Table(
    "keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
