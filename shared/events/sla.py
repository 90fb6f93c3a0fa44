"""Clocks 时限: one running deadline per (subject, metric, cycle), and what happens to it."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import Event, Grade, Moment


class SlaStarted(Event):
    """A clock runs; `due_at` is exact to the second (R-SLA-01 to R-SLA-05)."""

    TYPE: ClassVar[str] = "yingda.sla.started.v1"

    clock_id: str
    subject_type: str
    subject_id: str
    metric: str
    cycle: int
    department: str
    calendar: str
    target_seconds: int
    started_at: Moment
    due_at: Moment
    provisional: bool = False
    about: str | None = Field(default=None, description="which of several: the id of a collaboration")
    grade: Grade | None = None


class SlaStep(Event):
    """What every later event of a clock tells; `late_seconds` is detection time minus due time (R-SLA-14)."""

    clock_id: str
    subject_type: str
    subject_id: str
    metric: str
    cycle: int
    department: str
    due_at: Moment
    at: Moment
    late_seconds: float = 0.0
    used_seconds: int = Field(ge=0, description="of the target, on the clock's own calendar")
    detection_seconds: float = Field(
        default=0.0, ge=0, description="late_seconds since the clock was known with this due time: the watcher's own"
    )
    about: str | None = Field(default=None, description="which of several: the id of a collaboration")
    grade: Grade | None = Field(default=None, description="of the work order (R-OB-03)")


class SlaWarned(SlaStep):
    """A warning mark of the target is used up; each mark once (R-SLA-09)."""

    TYPE: ClassVar[str] = "yingda.sla.warned.v1"

    percent: int


class SlaBreached(SlaStep):
    """The deadline passed unmet; once per clock and cycle (R-SLA-09)."""

    TYPE: ClassVar[str] = "yingda.sla.breached.v1"


class SlaMet(SlaStep):
    """What the clock waited for happened in time."""

    TYPE: ClassVar[str] = "yingda.sla.met.v1"


class SlaPaused(SlaStep):
    """The clock stands still; `due_at` is what it was before the pause (R-SLA-08)."""

    TYPE: ClassVar[str] = "yingda.sla.paused.v1"


class SlaResumed(SlaStep):
    """The clock runs on; `due_at` is the new due time, exact to the second (R-SLA-08)."""

    TYPE: ClassVar[str] = "yingda.sla.resumed.v1"


class SlaCancelled(SlaStep):
    """The clock is void: its work order was cancelled or its target no longer applies."""

    TYPE: ClassVar[str] = "yingda.sla.cancelled.v1"


class SlaEscalated(SlaStep):
    """A step of the ladder after a breach is reached: supervisor, head, manager (R-SLA-10)."""

    TYPE: ClassVar[str] = "yingda.sla.escalated.v1"

    step: Literal["assignee", "supervisor", "head", "manager"]


class SlaRescheduled(SlaStep):
    """The due time moved from `previous_due_at` to `due_at`: new holidays (R-SLA-13) or an audited rebase (R-SLA-12)."""

    TYPE: ClassVar[str] = "yingda.sla.rescheduled.v1"

    previous_due_at: Moment
    cause: Literal["holidays", "rebase"]
    by: str
    reason: str = ""
    provisional: bool = False
