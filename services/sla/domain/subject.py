"""What the clocks of a work order need to remember of it between events."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from services.sla.domain.plan import PROMISED
from shared.events import Grade
from shared.policy import Duration, Metric, Policy
from shared.values import frozen

Pause = tuple[datetime, datetime]


@frozen
class Subject:
    """One work order. Without `category` it has not been opened here yet: another service's event came first."""

    id: str
    category: str | None = None
    topic: str | None = None
    grade: Grade | None = None
    department: str | None = None
    cycle: int = 0
    cycle_started_at: datetime | None = None
    paused_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    """Those that are over, so that a clock started anew with an earlier start leaves them out."""
    ended: bool = False
    policy_version: str | None = None
    targets: Mapping[Metric, Duration] = field(default_factory=dict)
    """The targets as the policy promised them when the work order was opened or classified (R-SLA-12)."""
    armed: Mapping[Metric, int] = field(default_factory=dict)
    """The last cycle of each metric that was started, so that none is started twice."""
    heard_at: datetime | None = None
    """When the customer was last told something, and the result; and when which cycle's callback was over. Kept
    because these come from other services and may overtake the step that starts the clock."""
    told_at: datetime | None = None
    called_at: datetime | None = None
    called_cycle: int | None = None
    early: Mapping[str, datetime] = field(default_factory=dict)
    """What came before the event that starts the clock it meets: the end of a return call, a hand-over."""
    number: str | None = None
    """For whoever an action of an escalation calls."""


def targets_of(category: str, grade: Grade, policy: Policy) -> dict[Metric, Duration]:
    """Return every target that the policy has for such a work order."""
    found = {metric: policy.target(metric, category, grade) for metric in PROMISED}
    return {metric: target for metric, target in found.items() if target is not None}
