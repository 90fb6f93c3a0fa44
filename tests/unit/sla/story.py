"""Builds the events of one work order's life, with gapless versions, as routing and the other services emit them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.sla.domain.clock import Clock, ClockEvent
from services.sla.domain.due import watch
from services.sla.domain.policies import Policies
from services.sla.domain.subject import Subject
from services.sla.domain.workorder_clocks import WorkorderClocks
from shared.events import (
    CallbackCompleted,
    CallbackScheduled,
    Event,
    Grade,
    NotificationSent,
    SlaStarted,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderResponded,
    WorkorderSigned,
    WorkorderStep,
)
from shared.policy import Policy
from shared.testing.builders import completed_callback, opened_workorder, workorder_step
from shared.times import parse_rfc3339

Step = TypeVar("Step", bound=WorkorderStep)


def local(text: str) -> datetime:
    """The moment of a wall clock in Shanghai, as in `2026-11-23 10:00` (a Monday)."""
    return parse_rfc3339(f"{text.replace(' ', 'T')}+08:00")


MONDAY = local("2026-11-23 10:00")
"""When most stories begin: an office day, in the office hours."""


def after(hours: float = 0, minutes: float = 0) -> datetime:
    """The moment so long after `MONDAY`, by any clock."""
    return MONDAY + timedelta(hours=hours, minutes=minutes)


@dataclass
class Story:
    """Events of one work order; `department` and `cycle` go with it."""

    id: str = "w1"
    department: str = "market"
    cycle: int = 1
    version: int = field(default=0)

    def opened(
        self, at: datetime, category: str = "complaint", grade: Grade = "normal", **more: Any
    ) -> WorkorderOpened:
        self.version += 1
        given: dict[str, Any] = {
            "category": category,
            "topic": None,
            "grade": grade,
            "department": self.department,
            "version": self.version,
        }
        return opened_workorder(self.id, at, **given | more)

    def step(self, model: type[Step], at: datetime, **more: Any) -> Step:
        self.version += 1
        given = {"work_order_id": self.id, "department": self.department, "cycle": self.cycle}
        return workorder_step(model, self.version, at, **given | more)

    def responded(self, at: datetime, *, by_department: str = "market", audience: str = "customer") -> WorkorderStep:
        return self.step(WorkorderResponded, at, by_department=by_department, audience=audience)

    def signed(self, at: datetime, *, confirmation_required: bool = False) -> WorkorderStep:
        return self.step(WorkorderSigned, at, confirmation_required=confirmation_required)

    def notified(self, at: datetime, purpose: Any = "progress", audience: Any = "customer") -> NotificationSent:
        return NotificationSent(
            notification_id="n",
            cause_id="e",
            work_order_id=self.id,
            purpose=purpose,
            audience=audience,
            transport="file",
            to_masked="138****8000",
            attempt=1,
            at=at,
        )

    def return_call(self, at: datetime, due_at: datetime) -> CallbackScheduled:
        """The service centre is to call back by `due_at`; `called(…, callback_id="r1")` answers it."""
        about = {"work_order_id": self.id, "number": "XR1", "cycle": self.cycle, "department": "service"}
        return CallbackScheduled(
            callback_id="r1", kind="return_call", script="return_call", due_at=due_at, at=at, **about
        )

    def called(self, at: datetime, outcome: str = "reached", **more: Any) -> CallbackCompleted:
        unrated = {"solved": None, "score": None, "satisfaction": "not_rated"}
        about = {"work_order_id": self.id, "department": self.department, "cycle": self.cycle, "outcome": outcome}
        return completed_callback(at, **unrated | about | more)


class Book:
    """One work order's clocks with what they told, driven without any server."""

    def __init__(self, policy: Policy | Policies, work_order_id: str = "w1") -> None:
        self.policies = policy if isinstance(policy, Policies) else Policies(policy)
        self._counter = itertools.count(1)
        self.clocks = WorkorderClocks(Subject(work_order_id), [], self.policies, self._issue)
        self.told: list[ClockEvent] = []

    def restarted(self, policies: Policies) -> Book:
        """The same work order after a start of the service with other policies."""
        book = Book(policies, self.clocks.subject.id)
        book._counter = self._counter
        live = [clock for clock in self.clocks.clocks.values() if clock.live]
        book.clocks = WorkorderClocks(self.clocks.subject, live, policies, book._issue)
        return book

    def _issue(self) -> str:
        return f"clock-{next(self._counter)}"

    def apply(self, *events: Event, now: datetime | None = None) -> list[ClockEvent]:
        """Apply `events`, each learnt of at `now` or when it happened; return what they led to."""
        told: list[ClockEvent] = []
        for event in events:
            told += self.clocks.apply(event, now or _moment(event), sent_at=_moment(event))
        self.told += told
        return told

    def watch(self, now: datetime) -> list[ClockEvent]:
        """Do what the watcher does at `now`, when all that was published has been applied."""
        told: list[ClockEvent] = []
        for clock in list(self.clocks.clocks.values()):
            if clock.next_at is not None and clock.next_at <= now:
                decision = watch(clock, now, now, self.policies.of(clock.policy_version))
                self.clocks.clocks[clock.id] = decision.clock
                told += decision.events
        self.told += told
        return told

    def clock(self, metric: str, cycle: int = 1) -> Clock:
        """The clock that counts: not a cancelled one."""
        (found,) = (
            clock
            for clock in self.clocks.clocks.values()
            if (clock.metric, clock.cycle) == (metric, cycle) and clock.state != "cancelled"
        )
        return found

    def clock_of(self, metric: str, subject_type: str) -> Clock:
        """The one clock of that metric and kind of subject."""
        (found,) = (c for c in self.clocks.clocks.values() if (c.metric, c.subject_type) == (metric, subject_type))
        return found

    def metrics(self) -> set[tuple[str, int]]:
        """What was started and not cancelled."""
        return {(c.metric, c.cycle) for c in self.clocks.clocks.values() if c.state != "cancelled"}

    def verbs(self, metric: str, cycle: int = 1) -> list[str]:
        """What the clock of that metric told, in order, without its start."""
        return [
            event.TYPE.split(".")[2]
            for event in self.told
            if (event.metric, event.cycle) == (metric, cycle) and not isinstance(event, SlaStarted)
        ]


def _moment(event: Event) -> datetime:
    """When the event is told of, where nobody is late: a hand-over has no time of its own, but that of its envelope."""
    if isinstance(event, WorkorderOpened):
        return event.opened_at
    at: datetime = event.cutoff_at if isinstance(event, WorkorderHandedOver) else event.at  # type: ignore[attr-defined]
    return at
