"""What an escalation sets off besides messages: each action once per escalation, tried again with growing pauses (R-SLA-10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.sla.domain.clock import ClockEvent
from shared.events import Grade, SlaEscalated, SlaWarned
from shared.policy import Policy, Rung
from shared.policy.notify import Retries
from shared.policy.sla import StepAction

State = Literal["waiting", "done", "refused", "dead"]
"""`waiting` for its next attempt; `refused` by the action for good; `dead` once its attempts are used up."""
STATES: tuple[State, ...] = ("waiting", "done", "refused", "dead")


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step of the ladder that was reached: a warning, or so long after a breach; without personal data.

    `id` is the same at every attempt and belongs to no other escalation: give it to whoever may get it twice.
    """

    id: str
    on: Literal["warning", "breach"]
    to: Rung
    """Who is told of it."""
    percent: int | None
    """Of a warning: how much of the target is used up."""
    clock_id: str
    metric: str
    cycle: int
    department: str
    due_at: datetime
    at: datetime
    """When it was found."""
    grade: Grade | None
    work_order_id: str | None
    """None for the clock of an agent who is away."""
    number: str | None
    category: str | None
    topic: str | None
    attempt: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Done:
    """The action has been taken; `note` is kept where an operator looks, without personal data or secrets."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """It could not be taken now; it is tried again, after `seconds` of real time (30 days at most) at the earliest."""

    why: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken: trying again is of no use, somebody has to look at it."""

    why: str


Result = Done | Later | Refused


@dataclass(frozen=True, slots=True)
class Order:
    """An action that an escalation sets off."""

    id: str
    plugin: str
    to: Rung
    event: SlaWarned | SlaEscalated


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an action after an attempt; `after` is the pause before the next one."""

    state: State
    reason: str | None
    after: timedelta = timedelta()


def orders(event: ClockEvent, policy: Policy) -> Iterator[Order]:
    """Yield the actions that the ladder has at the step that `event` tells of, the same ones whenever it is asked."""
    if not isinstance(event, SlaWarned | SlaEscalated):
        return
    for step in policy.sla.ladder:
        if isinstance(event, SlaWarned):
            reached = step.on == "warning" and step.percent == event.percent
        else:
            reached = step.on == "breach" and step.to == event.step
        for action in step.actions if reached else ():
            if _wanted(action, event):
                yield Order(f"{event.clock_id}:{step.on}:{step.to}:{action.plugin}", action.plugin, step.to, event)


def follow(result: Result, attempts: int, retries: Retries) -> Verdict:
    """Return what follows from the outcome of attempt number `attempts`."""
    match result:
        case Done(note):
            return Verdict("done", note or None)
        case Refused(why):
            return Verdict("refused", why)
        case Later(why, seconds):
            pause = retries.pause(attempts)
            if pause is None:
                return Verdict("dead", why)
            return Verdict("waiting", why, max(pause.timedelta, timedelta(seconds=seconds or 0)))


def _wanted(action: StepAction, event: SlaWarned | SlaEscalated) -> bool:
    return (not action.grades or event.grade in action.grades) and (
        not action.metrics or event.metric in action.metrics
    )
