"""Sla's judgement for a simulation: the same clocks, fed with the events of one work order at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import Final

from services.sla.domain.clock import Clock
from services.sla.domain.due import watch
from services.sla.domain.policies import Policies
from services.sla.domain.subject import Subject
from services.sla.domain.workorder_clocks import WorkorderClocks
from shared.events import (
    CallbackCompleted,
    Event,
    NotificationSent,
    SlaBreached,
    SlaMet,
    WorkorderOpened,
    WorkorderStep,
)
from shared.policy import Metric, Policy

NOT_SIMULATED: Final[frozenset[Metric]] = frozenset(
    {"cutoff", "record_entry", "collaboration_start", "progress_update"}
)
"""Clocks that wait for what nobody does in a simulation: hand over a batch, complete a register, ask for help; and the
one that notify meets by itself, whatever people do."""


class _Judged(WorkorderClocks):
    """Starts only the clocks that a simulation judges."""

    def _start(self, metric: Metric, cycle: int, started_at: datetime) -> Clock | None:
        return None if metric in NOT_SIMULATED else super()._start(metric, cycle, started_at)


class SimulatedTimekeeper:
    """Judges the clocks of one work order after another under one policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._policies = Policies(policy)
        self._ids = count()

    def judge(self, work_order_id: str, events: Iterable[Event], until: datetime) -> Sequence[tuple[str, str, bool]]:
        """Return metric, department and whether it was met, for every clock that ended or ran out by `until` (R-SLA-09).

        `events` are those of one work order in order of time. What still runs at `until` is left out.
        """
        clocks = _Judged(Subject(work_order_id), (), self._policies, lambda: str(next(self._ids)))
        told = [clock_event for event in events for clock_event in clocks.apply(event, _moment(event))]
        for clock in list(clocks.clocks.values()):
            if clock.state == "running" and clock.due_at < until:
                told += watch(clock, until, until, self._policy).events
        return [
            (event.metric, event.department, isinstance(event, SlaMet))
            for event in told
            if isinstance(event, SlaMet | SlaBreached) and event.metric not in NOT_SIMULATED
        ]


def _moment(event: Event) -> datetime:
    if isinstance(event, WorkorderOpened):
        return event.opened_at
    if isinstance(event, WorkorderStep | CallbackCompleted | NotificationSent):
        return event.at
    raise TypeError(f"{event.TYPE} is no event of a work order's life")
