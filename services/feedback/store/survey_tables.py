"""The tables of surveys (R-FB-02) and of customers who wait to be called back at once (R-IN-10)."""

from typing import Final

from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, text

from services.feedback.store.tables import metadata

surveys: Final = Table(
    "surveys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("callback_id", Text, nullable=False),
    Column("work_order_id", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("script", Text, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Index("surveys_open", "work_order_id", postgresql_where=text("state = 'open'")),
)

waiting_callers: Final = Table(
    "waiting_callers",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("work_order_id", Text),
    Column("since", DateTime(timezone=True)),
    Column("agent_id", Text),
)
"""Telephone contacts: `since` once the contact told that a call is wanted, `work_order_id` once its work order opened.

The two may be in the hands of two replicas at the same moment. Both write the same row, so one sees the other's.
"""
