"""Callbacks 回访: scheduled for every approved result, completed with the customer's answer."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import Event, Moment

CallbackOutcome = Literal["reached", "no_answer", "refused"]
CallbackKind = Literal["callback", "supervisor_contact", "survey", "return_call"]
"""After a result; after a low score (R-SLA-06); a survey answered without an agent (R-FB-02); after a missed or
unresolved call, at once (R-IN-10)."""
Satisfaction = Literal["very_satisfied", "satisfied", "neutral", "dissatisfied", "very_dissatisfied", "not_rated"]


class CallbackScheduled(Event):
    """An agent has a call to make by `due_at`, with a script (R-FB-01)."""

    TYPE: ClassVar[str] = "yingda.callback.scheduled.v1"

    callback_id: str
    work_order_id: str
    number: str
    kind: CallbackKind
    cycle: int
    department: str
    script: str
    assignee: str | None = None
    due_at: Moment
    at: Moment


class CallbackAttempted(Event):
    """One attempt was made and the customer was not reached; another follows at `next_at` (R-FB-01)."""

    TYPE: ClassVar[str] = "yingda.callback.attempted.v1"

    callback_id: str
    work_order_id: str
    cycle: int
    attempt: int
    outcome: CallbackOutcome
    by: str
    at: Moment
    next_at: Moment | None = None


class CallbackCompleted(Event):
    """The callback is over: the customer answered, refused, or could not be reached (R-FB-02, R-FB-03)."""

    TYPE: ClassVar[str] = "yingda.callback.completed.v1"

    callback_id: str
    work_order_id: str
    number: str
    kind: CallbackKind = "callback"
    cycle: int
    department: str
    outcome: CallbackOutcome
    solved: bool | None = None
    score: int | None = Field(default=None, ge=0, le=10)
    satisfaction: Satisfaction = "not_rated"
    speed_satisfied: bool | None = Field(default=None, description="whether the response was quick enough (R-FB-02)")
    suggestion: str = ""
    comment: str = Field(default="", description="of a supervisor_contact: the improvement note (R-FB-03)")
    reopen: bool = Field(description="true where the work order goes back to its department (R-FB-03)")
    second_contact: bool = Field(description="true where the supervisor must contact the customer (R-SLA-06)")
    by: str
    at: Moment
    due_at: Moment


class CallbackWithdrawn(Event):
    """Nobody makes this call any more: its work order was reopened, cancelled, merged or closed (R-FB-01)."""

    TYPE: ClassVar[str] = "yingda.callback.withdrawn.v1"

    callback_id: str
    work_order_id: str
    number: str
    kind: CallbackKind
    cycle: int
    department: str
    due_at: Moment
    at: Moment
