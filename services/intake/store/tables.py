"""The tables of the schema `intake`."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Double, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.domain.calls import COUNTS
from services.intake.domain.customer_file import FIELDS
from shared.bus.tables import runtime_tables
from shared.db import schema_of

metadata = schema_of("intake")
runtime = runtime_tables(metadata)

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in FIELDS),
    Column("preferences", JSONB, nullable=False),  # R-IN-11
    Column("provenance", JSONB, nullable=False),  # of each detail: how it came about, by which contact, when (R-IN-03)
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
"""One row per customer; a name that is NULL is that of an anonymous one and can be completed (R-IN-04)."""


def _customer_id() -> Column[str]:
    """Return a reference that is checked at the commit: who owns an identifier is settled before the customer exists."""
    customer = ForeignKey(customers.c.id, deferrable=True, initially="DEFERRED")
    return Column("customer_id", Text, customer, nullable=False, index=True)


identifiers = Table(
    "identifiers",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _customer_id(),
    Column("source_id", Text, nullable=False),  # the contact that volunteered it (R-IN-03)
    Column("created_at", DateTime(timezone=True), nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source_id", Text, nullable=False, unique=True),  # R-IN-06
    Column("channel", Text, nullable=False),
    _customer_id(),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("duration_seconds", Double),
    Column("agent_id", Text),
    Column("category", Text),
    Column("topic", Text),
    Column("text", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("attachments", JSONB, nullable=False),
    Column("emotion", Text),
    Column("locale", Text, nullable=False),
    Column("customer", JSONB, nullable=False),  # as this contact told it; the file is in `customers`
    Column("extra", JSONB, nullable=False),
    Column("provenance", JSONB, nullable=False),  # R-IN-03
    Column("dropped", JSONB, nullable=False),  # names only
    Column("call", JSONB),  # R-IN-10
    Column("completed", JSONB),  # what staff added since: {"customer": {…}, "details": {…}} (R-IN-04)
    Column("traceparent", Text),
    Index("contacts_occurred", "occurred_at"),
    Index("contacts_registered", "registered_at"),
)

completions = Table(
    "completions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contact_id", Text, ForeignKey(contacts.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("completed", JSONB, nullable=False),
    Column("corrected", JSONB, nullable=False),
    Column("shared", JSONB, nullable=False),
)
"""Who completed a contact, when, and which details: their names only."""

erasures = Table(
    "erasures",
    metadata,
    Column("sequence", BigInteger, primary_key=True),
)
"""Messages of the stream `CONTACTS` that held what was not volunteered, and are still to be taken off it (R-IN-03)."""

agent_calls = Table(
    "agent_calls",
    metadata,
    Column("day", Date, primary_key=True),  # of the house
    Column("agent_id", Text, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in COUNTS),
)
"""The calls of an agent on one day, and how many exceeded each limit (R-IN-10)."""
