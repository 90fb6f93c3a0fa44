"""What the metrics tell of the clocks as they are now (R-OB-01)."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import case, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.store.tables import LIVE, clocks
from shared import metrics


class Gauges:
    """Refreshes the gauges of the live clocks, all by metric and department."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def refresh(self) -> None:
        """Set how many clocks run and how many of them provisionally, when the next is due, and what breaches are open.

        Where nothing runs or nothing is overdue there is no time to show: the series is removed.
        """
        query = (
            select(
                clocks.c.department,
                clocks.c.metric,
                clocks.c.state,
                func.count(),
                func.sum(case((clocks.c.provisional, 1), else_=0)),
                func.min(clocks.c.due_at),
            )
            .where(text(LIVE))
            .group_by(clocks.c.department, clocks.c.metric, clocks.c.state)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        for gauge in (
            metrics.CLOCKS_RUNNING,
            metrics.CLOCKS_PROVISIONAL,
            metrics.CLOCK_NEXT_DUE,
            metrics.CLOCKS_OVERDUE,
            metrics.CLOCK_OLDEST_BREACH,
        ):
            gauge.clear()
        provisional: defaultdict[tuple[str, str], int] = defaultdict(int)
        for department, metric, state, count, uncertain, due_at in rows:
            if state != "breached":
                provisional[metric, department] += uncertain
            _show(metric, department, state, count, due_at)
        for labels, count in provisional.items():
            metrics.CLOCKS_PROVISIONAL.labels(*labels).set(count)


def _show(metric: str, department: str, state: str, count: int, due_at: datetime) -> None:
    if state == "running":
        metrics.CLOCKS_RUNNING.labels(metric, department).set(count)
        metrics.CLOCK_NEXT_DUE.labels(metric, department).set(due_at.timestamp())
    elif state == "breached":
        metrics.CLOCKS_OVERDUE.labels(metric, department).set(count)
        metrics.CLOCK_OLDEST_BREACH.labels(metric, department).set(due_at.timestamp())
