"""What entries of knowledge rest on: their cases, what staff thought of them, and by which terms like ones are found."""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, Index, PrimaryKeyConstraint, Table, Text

from services.feedback.store.tables import metadata


def _words(name: str) -> Column[object]:
    return Column(name, Text, nullable=False)


knowledge_cases: Final = Table(
    "knowledge_cases",
    metadata,
    Column("id", Text, primary_key=True),
    _words("entry_id"),
    _words("work_order_id"),
    _words("problem"),
    _words("solution"),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("knowledge_cases_of_entry", "entry_id", "at"),
)
"""Every case that was learned from, in its own words and without personal data, under the entry that collects it."""

ratings: Final = Table(
    "knowledge_ratings",
    metadata,
    _words("entry_id"),
    _words("by"),
    _words("work_order_id"),
    Column("useful", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("entry_id", "by", "work_order_id"),
)
"""The last word of each member of staff on an entry and work order; '' where none was at hand."""

likeness: Final = Table(
    "knowledge_likeness",
    metadata,
    _words("term"),
    _words("entry_id"),
    PrimaryKeyConstraint("term", "entry_id"),
    Index("knowledge_likeness_of_entry", "entry_id"),
)
"""The terms of the problems of drafts and published entries: where a new case looks for others like it."""
