"""What the metrics tell of the clocks as they are now (R-OB-01)."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.store.tables import LIVE, clocks
from shared import metrics


class Gauges:
    """Refreshes the gauges of the running clocks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def refresh(self) -> None:
        """Set how many clocks run, when the next is due, and since when the oldest breach is open.

        A department without running clocks, or without open breaches, has no time to show: its series is removed.
        """
        query = (
            select(clocks.c.department, clocks.c.metric, clocks.c.state, func.count(), func.min(clocks.c.due_at))
            .where(text(LIVE))
            .group_by(clocks.c.department, clocks.c.metric, clocks.c.state)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        metrics.CLOCKS_RUNNING.clear()
        metrics.CLOCK_NEXT_DUE.clear()
        metrics.CLOCK_OLDEST_BREACH.clear()
        next_due: dict[str, datetime] = {}
        oldest: dict[str, datetime] = {}
        for department, metric, state, count, due_at in rows:
            if state == "running":
                metrics.CLOCKS_RUNNING.labels(metric, department).set(count)
                next_due[department] = min(due_at, next_due.get(department, due_at))
            elif state == "breached":
                oldest[department] = min(due_at, oldest.get(department, due_at))
        for department, due_at in next_due.items():
            metrics.CLOCK_NEXT_DUE.labels(department).set(due_at.timestamp())
        for department, due_at in oldest.items():
            metrics.CLOCK_OLDEST_BREACH.labels(department).set(due_at.timestamp())
