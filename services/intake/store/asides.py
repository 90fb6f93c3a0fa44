"""Messages that were no contact: recorded once, counted, never answered (R-NT-07)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, DateTime, Index, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import metadata
from shared.db import insert_rows
from shared.events import AsideKind

asides: Final = Table(
    "asides",
    metadata,
    Column("source_id", Text, primary_key=True),  # R-IN-06: one that is delivered again is one
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("asides_recorded", "recorded_at"),
)


async def insert_asides(
    connection: AsyncConnection, found: Sequence[tuple[str, str, AsideKind, datetime]], now: datetime
) -> set[str]:
    """Write what was set aside, as source id, channel, kind and moment; return the source ids not there yet."""
    names = ("source_id", "channel", "kind", "occurred_at")
    rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) | {"recorded_at": now} for row in found]
    fresh = await insert_rows(connection, asides, rows, ignore_conflicts=True, returning=("source_id",))
    return {row.source_id for row in fresh}
