"""What the metrics tell of the clocks as they are now (R-OB-01)."""

from collections import defaultdict
from datetime import datetime
from itertools import product
from typing import get_args

from sqlalchemy import case, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.store.tables import LIVE, clocks
from shared import metrics
from shared.clock import Clock
from shared.policy import Metric, Policy


class Gauges:
    """Refreshes the gauges of the live clocks, all by metric and department."""

    def __init__(self, engine: AsyncEngine, clock: Clock, policy: Policy) -> None:
        self._engine = engine
        self._clock = clock
        self._policy = policy

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
        self._show_policy()
        for gauge in (
            metrics.CLOCKS_RUNNING,
            metrics.CLOCKS_PROVISIONAL,
            metrics.CLOCK_NEXT_DUE,
            metrics.CLOCKS_OVERDUE,
            metrics.CLOCK_OLDEST_BREACH,
        ):
            gauge.clear()
        for where in product(get_args(Metric), self._policy.departments):
            metrics.CLOCKS_RUNNING.labels(*where).set(0)
            metrics.CLOCKS_OVERDUE.labels(*where).set(0)
            metrics.CLOCKS_PROVISIONAL.labels(*where).set(0)
        provisional: defaultdict[tuple[str, str], int] = defaultdict(int)
        for department, metric, state, count, uncertain, due_at in rows:
            if state != "breached":
                provisional[metric, department] += uncertain
            _show(metric, department, state, count, due_at)
        for labels, count in provisional.items():
            metrics.CLOCKS_PROVISIONAL.labels(*labels).set(count)

    def _show_policy(self) -> None:
        """Set what the policy wants to be met, and for how long its holidays are official (R-OB-02, R-SLA-13)."""
        for metric in get_args(Metric):
            metrics.SLA_OBJECTIVE.labels(metric).set(self._policy.sla.objectives.of(metric) / 100)
        now = self._clock.now()
        for name in self._policy.calendars:
            known = self._policy.calendar(name).official_days(now)
            if known is not None:
                metrics.CALENDAR_OFFICIAL_DAYS.labels(name).set(known)


def _show(metric: str, department: str, state: str, count: int, due_at: datetime) -> None:
    if state == "running":
        metrics.CLOCKS_RUNNING.labels(metric, department).set(count)
        metrics.CLOCK_NEXT_DUE.labels(metric, department).set(due_at.timestamp())
    elif state == "breached":
        metrics.CLOCKS_OVERDUE.labels(metric, department).set(count)
        metrics.CLOCK_OLDEST_BREACH.labels(metric, department).set(due_at.timestamp())
