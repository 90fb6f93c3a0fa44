"""Commands on callbacks, answered by feedback (R-FB-01, R-FB-02)."""

from typing import ClassVar

from pydantic import Field

from shared.events.callback import CallbackKind, CallbackOutcome, Satisfaction
from shared.events.commands.base import Command


class RecordCallback(Command):
    """Record one attempt of a callback and what the customer said (R-FB-01, R-FB-02)."""

    SUBJECT: ClassVar[str] = "yingda.command.callback.record"

    callback_id: str
    outcome: CallbackOutcome
    solved: bool | None = None
    score: int | None = Field(default=None, ge=0, le=10)
    satisfaction: Satisfaction | None = Field(default="not_rated", description="null counts as not_rated")
    speed_satisfied: bool | None = Field(default=None, description="whether the response was quick enough")
    suggestion: str | None = Field(default=None, max_length=10_000)
    comment: str | None = Field(
        default=None,
        max_length=10_000,
        description="the customer's words; of a supervisor_contact the improvement note",
    )


class ListCallbacks(Command):
    """List the open callbacks, the earliest due first."""

    SUBJECT: ClassVar[str] = "yingda.command.callback.list"

    department: str | None = None
    work_order_id: str | None = None
    kind: CallbackKind | None = None
    limit: int = Field(default=50, ge=1, le=500)
