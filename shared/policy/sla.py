"""Targets, warnings and the escalation ladder (handbook, section 4)."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from shared.policy.base import Grade, Key, Metric, Model, WrittenDuration, WrittenWait
from shared.policy.durations import Duration
from shared.policy.notify import Retries

Rung = Literal["assignee", "supervisor", "head", "manager"]

_RUNGS: Final[tuple[Rung, ...]] = ("assignee", "supervisor", "head", "manager")
Percent = Annotated[int, Field(ge=1, le=99)]


class GradeTargets(Model):
    """A target for each grade."""

    urgent: WrittenDuration
    normal: WrittenDuration
    complex: WrittenDuration

    def of(self, grade: Grade) -> Duration:
        """Return the target of that grade."""
        if grade == "urgent":
            return self.urgent
        return self.complex if grade == "complex" else self.normal


class ComplaintTarget(Model):
    """A target, and the shorter one of complaints and staff complaints."""

    default: WrittenDuration
    complaint: WrittenDuration


class AwayTargets(Model):
    """How long an agent may be away, and how many at once (R-SLA-07)."""

    meal: WrittenDuration
    short: WrittenDuration
    at_most: Annotated[int, Field(ge=1)]


class StepAction(Model):
    """An action that a step sets off besides messages; only for these grades and metrics, where some are named."""

    plugin: Key
    grades: tuple[Grade, ...] = ()
    metrics: tuple[Metric, ...] = ()


def _by_name(written: object) -> object:
    """Take the bare name of a plugin for an action without conditions."""
    return {"plugin": written} if isinstance(written, str) else written


def _once_each(actions: tuple[StepAction, ...]) -> tuple[StepAction, ...]:
    names = [action.plugin for action in actions]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f'"{twice}" stands here twice; name all its grades and metrics in one place')
    return actions


Actions = Annotated[
    tuple[Annotated[StepAction, BeforeValidator(_by_name)], ...],
    AfterValidator(_once_each),
    Field(exclude_if=lambda actions: not actions),
]
"""The plugins of kind `escalation_action` that a step sets off; their settings stand in `plugins.escalation_actions`."""


class WarningStep(Model):
    """Tell someone when that share of the target is used up."""

    on: Literal["warning"]
    percent: Percent
    to: Rung
    actions: Actions = ()


class BreachStep(Model):
    """Tell someone that long after the breach."""

    on: Literal["breach"]
    after: Annotated[WrittenDuration, Field(default=Duration(0, "wall"))]
    to: Rung
    actions: Actions = ()


LadderStep = Annotated[WarningStep | BreachStep, Field(discriminator="on")]


class Objectives(Model):
    """The share of clocks that is to be met, in percent: what the error budget is counted from (R-OB-02)."""

    default: Percent
    by_metric: Annotated[Mapping[Metric, Percent], Field(default_factory=dict)]

    def of(self, metric: Metric) -> int:
        """Return the percentage for that metric."""
        return self.by_metric.get(metric, self.default)


def _patiently() -> Retries:
    pauses = tuple(Duration(seconds, "wall") for seconds in (10, 60, 300, 900, 3600))
    return Retries(max_attempts=12, pauses=pauses)


class SlaPolicy(Model):
    """All targets that do not depend on the category, the warnings and the ladder."""

    first_response: GradeTargets
    resolution: GradeTargets
    customer_reply: ComplaintTarget
    callback: ComplaintTarget
    progress_update: WrittenDuration
    supervisor_contact: WrittenDuration
    record_entry: WrittenDuration
    agent_away: AwayTargets
    collaboration_start: WrittenDuration
    """A complex matter starts its collaboration within this time (R-RT-09)."""
    cutoff_grace: Annotated[WrittenDuration, Field(default=Duration(60, "wall"))]
    """A hand-over of 16:00 takes place in that minute: the machine that makes it begins when the hour strikes (R-RT-03)."""
    unwarned: tuple[Metric, ...] = ("cutoff",)
    """Clocks that give no warnings, because nobody has anything to do before they are due."""
    warnings: Annotated[tuple[Percent, ...], Field(min_length=1)]
    ladder: Annotated[tuple[LadderStep, ...], Field(min_length=1)]
    action_wait: Annotated[WrittenWait, Field(default=Duration(30, "wall"))]
    """How long one attempt of an action may take."""
    action_retries: Annotated[Retries, Field(default_factory=_patiently)]
    """When an action that could not be taken is tried again; afterwards somebody has to look at it."""
    objectives: Annotated[Objectives, Field(default=Objectives(default=95, by_metric={}))]
    digest_window: WrittenDuration
    """Bursts become one message per person in this time (R-SLA-10)."""

    @field_validator("warnings")
    @classmethod
    def _rising(cls, warnings: tuple[int, ...]) -> tuple[int, ...]:
        if any(following <= one for one, following in pairwise(warnings)):
            raise ValueError(f"warnings must rise: {', '.join(map(str, warnings))}")
        return warnings

    @field_validator("ladder")
    @classmethod
    def _climbing(cls, ladder: tuple[WarningStep | BreachStep, ...]) -> tuple[WarningStep | BreachStep, ...]:
        for one, following in pairwise(ladder):
            if _RUNGS.index(following.to) <= _RUNGS.index(one.to):
                raise ValueError(f"each step goes to someone higher: {following.to} comes after {one.to}")
            if not _later(one, following):
                raise ValueError(f"each step comes later: the step to {following.to} is not after that to {one.to}")
        return ladder


def _later(one: WarningStep | BreachStep, following: WarningStep | BreachStep) -> bool:
    if isinstance(one, WarningStep):
        return isinstance(following, BreachStep) or following.percent > one.percent
    if isinstance(following, WarningStep):
        return False
    # Between a business and a wall duration only zero decides: their length depends on the calendar.
    if following.after.kind != one.after.kind:
        return following.after.seconds > 0
    return following.after.seconds > one.after.seconds
