"""The tables of feedback. Personal data is in `customers`, in the case's resolution and the callback's words only."""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, REAL

from shared.bus.tables import runtime_tables
from shared.db import schema_of

metadata: Final = schema_of("feedback")
runtime: Final = runtime_tables(metadata)


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _words(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def _prefixes(name: str) -> Index:
    """Return the index that finds customers by how such a text of theirs begins."""
    ops, known = {name: "text_pattern_ops"}, text(f"{name} IS NOT NULL")
    return Index(f"customers_by_{name}", name, postgresql_ops=ops, postgresql_where=known)


customers: Final = Table(
    "customers",
    metadata,
    Column("contact_id", Text, primary_key=True),
    _words("text"),
    _words("locale"),
    _words("name", nullable=True),
    _words("honorific", nullable=True),
    _words("phone", nullable=True),
    _words("email", nullable=True),
    _words("company", nullable=True),
    _words("address", nullable=True),
    _words("member_no", nullable=True),
    _words("order_no", nullable=True),
    _words("customer_id"),
    _words("channel"),
    _moment("occurred_at", nullable=True),
    _words("emotion", nullable=True),
    _words("agent_id", nullable=True),
    _words("customer_type", nullable=True),
    _words("tier", nullable=True),
    _words("preferred_channel", nullable=True),
    Column("plain_language", Boolean, nullable=False),
    _words("phone_key", nullable=True),
    Index("customers_of_person", "customer_id", "occurred_at"),
    Index("customers_by_phone", "phone_key", postgresql_where=text("phone_key IS NOT NULL")),
    Index("customers_by_member_no", "member_no", postgresql_where=text("member_no IS NOT NULL")),
    Index("customers_by_order_no", "order_no", postgresql_where=text("order_no IS NOT NULL")),
    _prefixes("name"),
    _prefixes("company"),
)
"""Every contact with its customer as known then; the file of a customer is read from all of them (R-FB-08)."""

cases: Final = Table(
    "cases",
    metadata,
    Column("work_order_id", Text, primary_key=True),
    _words("number"),
    _words("contact_id"),
    _words("category"),
    _words("topic", nullable=True),
    _words("department"),
    _words("grade"),
    Column("cycle", Integer, nullable=False),
    _words("status"),
    _words("traceparent"),
    _words("outcome", nullable=True),
    _words("resolution"),
    Column("draft_waiting", Boolean, nullable=False),
    Column("score", Integer),
    Column("solved", Boolean),
    _words("customer_id"),
    _moment("opened_at", nullable=True),
    _moment("ended_at", nullable=True),
    _moment("cutoff_at", nullable=True),
    Column("tags", JSONB, nullable=False),
    Index("cases_of_customer", "customer_id", "opened_at"),
    Index("cases_by_opening", "opened_at"),
    Index("cases_by_end", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    Index("cases_by_number", "number"),
    Index("cases_by_tag", "tags", postgresql_using="gin", postgresql_where=text("tags <> '[]'::jsonb")),
    Index("cases_draft_waiting", "contact_id", postgresql_where=text("draft_waiting")),
)

callbacks: Final = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True),
    _words("work_order_id"),
    _words("kind"),
    Column("cycle", Integer, nullable=False),
    _words("script"),
    _words("assignee", nullable=True),
    _words("state"),
    _moment("scheduled_at"),
    _moment("due_at"),
    _moment("next_at", nullable=True),
    _words("outcome", nullable=True),
    Column("solved", Boolean),
    Column("score", Integer),
    _words("satisfaction"),
    Column("speed_satisfied", Boolean),
    _words("suggestion"),
    _words("comment"),
    _moment("completed_at", nullable=True),
    _words("completed_by", nullable=True),
    Index("callbacks_of_work_order", "work_order_id"),
    Index("callbacks_open", text("coalesce(next_at, due_at)"), "id", postgresql_where=text("state = 'open'")),
)

attempts: Final = Table(
    "attempts",
    metadata,
    _words("callback_id"),
    Column("number", Integer, nullable=False),
    _words("outcome"),
    _words("by"),
    _moment("at"),
    _words("half_day", nullable=True),
    PrimaryKeyConstraint("callback_id", "number"),
)

entries: Final = Table(
    "knowledge_entries",
    metadata,
    Column("id", Text, primary_key=True),
    _words("state"),
    Column("revision", Integer, nullable=False),
    _words("category"),
    Column("work_order_ids", JSONB, nullable=False),
    Column("key_phrases", JSONB, nullable=False),
    _words("scenario"),
    _words("problem"),
    _words("solution"),
    _words("similar_to", nullable=True),
    Column("useful", Integer, nullable=False),
    Column("useless", Integer, nullable=False),
    Column("length", REAL, nullable=False),
    _words("reason", nullable=True),
    _moment("drafted_at"),
    _moment("changed_at"),
    Index("knowledge_entries_by_state", "state", "length"),
)
"""Every entry with the texts of its present revision; `length` is the weight of its terms, for the ranking."""

revisions: Final = Table(
    "knowledge_revisions",
    metadata,
    _words("entry_id"),
    Column("revision", Integer, nullable=False),
    _words("category"),
    Column("key_phrases", JSONB, nullable=False),
    _words("scenario"),
    _words("problem"),
    _words("solution"),
    _words("reason", nullable=True),
    _words("by"),
    _moment("at"),
    PrimaryKeyConstraint("entry_id", "revision"),
)

terms: Final = Table(
    "knowledge_terms",
    metadata,
    _words("term"),
    _words("entry_id"),
    Column("weight", REAL, nullable=False),
    PrimaryKeyConstraint("term", "entry_id"),
    Index("knowledge_terms_of_entry", "entry_id"),
)
"""The terms of the published entries only: what is not here cannot be found."""
