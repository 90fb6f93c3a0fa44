"""The tables of routing. Personal data is in `matters` only, so that it can be erased without touching the rest."""

from typing import Final

from sqlalchemy import Boolean, Column, Date, DateTime, Float, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.bus.tables import runtime_tables
from shared.db import schema_of

metadata: Final = schema_of("routing")
runtime: Final = runtime_tables(metadata)
IN_HAND: Final = "status IN ('opened', 'responded', 'paused')"
TAGGED: Final = "tags <> '[]'"
NOT_ENDED: Final = "status NOT IN ('closed', 'cancelled', 'merged')"
ENDED: Final = "status IN ('closed', 'cancelled', 'merged')"


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _words(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


work_orders: Final = Table(
    "work_orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("contact_id", Text, nullable=False, unique=True),  # a contact told twice is still one work order
    _words("source_id"),
    _words("customer_id"),
    _words("channel"),
    _words("category"),
    _words("topic", nullable=True),
    _words("grade"),
    Column("sensitive", Boolean, nullable=False),
    Column("sensitive_reasons", JSONB, nullable=False),
    _words("attitude", nullable=True),
    Column("complaints_before", Integer, nullable=False),
    _words("department"),
    _words("queue"),
    _words("classified_by"),
    Column("confidence", Float, nullable=False),
    Column("evidence", JSONB, nullable=False),
    _words("suggested_category", nullable=True),
    _words("suggested_topic", nullable=True),
    Column("missing_fields", JSONB, nullable=False),
    _moment("cutoff_at", nullable=True),
    Column("confirmation_required", Boolean, nullable=False),
    _words("policy_version"),
    _words("traceparent"),
    _moment("occurred_at"),
    _moment("registered_at"),
    _moment("opened_at"),
    _words("status"),
    _words("before", nullable=True),
    Column("version", Integer, nullable=False),
    Column("cycle", Integer, nullable=False),
    _words("assignee", nullable=True),
    Column("collaborators", JSONB, nullable=False),
    _words("outcome", nullable=True),
    _words("resolved_by", nullable=True),
    _words("tendency", nullable=True),
    Column("verification_reasons", JSONB, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("tags", JSONB, nullable=False),
    _words("tier", nullable=True),
    _moment("conversation_ended_at", nullable=True),
    Column("links", JSONB, nullable=False),
    _words("merged_into", nullable=True),
    _moment("updated_at"),
    _words("batch_id", nullable=True),
    Index("work_orders_of_customer", "customer_id", "occurred_at"),
    Index(
        "work_orders_waiting_for_cutoff",
        "cutoff_at",
        postgresql_where=text(f"batch_id IS NULL AND cutoff_at IS NOT NULL AND {NOT_ENDED}"),
    ),
    Index("work_orders_in_hand", "assignee", postgresql_where=text(IN_HAND)),
    Index("work_orders_ended", "updated_at", postgresql_where=text(ENDED)),
    Index("work_orders_live", "department", "status", postgresql_where=text(NOT_ENDED)),
    Index(
        "work_orders_by_tag",
        "tags",
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
        postgresql_where=text(TAGGED),
    ),
)

matters: Final = Table(
    "matters",
    metadata,
    Column("work_order_id", Text, primary_key=True),
    Column("matter", JSONB, nullable=False),
)
"""What the customer wrote: needed to classify anew, and the text of the labelled examples."""

steps: Final = Table(
    "steps",
    metadata,
    Column("work_order_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _words("step"),
    _words("by"),
    _moment("at"),
    _words("reason", nullable=True),
    _words("text", nullable=True),
    _words("status"),
    Column("cycle", Integer, nullable=False),
    _words("department"),
    Column("details", JSONB, nullable=False),
    _moment("recorded_at"),
)
"""The history: who did what, when and why (R-RT-06)."""

rotas: Final = Table(
    "rotas",
    metadata,
    Column("department", Text, primary_key=True),
    Column("served", JSONB, nullable=False),
)
"""Who of a department got the how-manieth work order last (R-RT-08); its row is the lock of all that gives out work."""

presence: Final = Table(
    "presence",
    metadata,
    Column("agent_id", Text, primary_key=True),
    _words("department"),
    _words("state"),
    _moment("since"),
    _words("by"),
)
"""Who said that they are at work or away (R-RT-08); who never said anything is available."""

number_sequences: Final = Table(
    "number_sequences",
    metadata,
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

batches: Final = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    _words("department"),
    _moment("cutoff_at"),
    _moment("handed_over_at"),
    Column("work_orders", Integer, nullable=False),
    Index("batches_by_cutoff", "cutoff_at", "department"),
)
"""The hand-overs that were made; `work_orders.batch_id` names what each contained (R-RT-03)."""

examples: Final = Table(
    "examples",
    metadata,
    Column("work_order_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _words("category"),
    _words("topic", nullable=True),
    _words("suggested_category", nullable=True),
    _words("suggested_topic", nullable=True),
    _words("by"),
    _moment("at"),
)
"""Categories and topics that people decided, beside what a classifier had suggested (R-RT-01)."""

promises: Final = Table(
    "promises",
    metadata,
    Column("work_order_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _moment("promised_at"),
    _words("text"),
    _words("by"),
    _moment("at"),
)

collaborations: Final = Table(
    "collaborations",
    metadata,
    Column("id", Text, primary_key=True),
    _words("work_order_id"),
    _words("department"),
    _words("with_department"),
    _words("deliverable"),
    _moment("due_at"),
    _words("by"),
    _moment("at"),
    _words("state"),
    _words("delivered_by", nullable=True),
    _moment("delivered_at", nullable=True),
    _words("result", nullable=True),
    Index("collaborations_of_work_order", "work_order_id"),
)
