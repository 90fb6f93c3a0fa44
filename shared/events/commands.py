"""Commands: JSON requests of desks and scripts, answered by the owning service after its commit (contract)."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Moment
from shared.events.callback import CallbackOutcome, Satisfaction
from shared.events.envelope import Fault
from shared.events.workorder import Audience, Outcome

COMMAND_SUBJECTS: dict[str, type["Command"]] = {}
"""Every command of the suite by its subject; filled as the models are defined."""


class Command(BaseModel):
    """One request. `command_id` makes it safe to repeat; `by` is the id of the member of staff who asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    SUBJECT: ClassVar[str] = ""

    command_id: str = Field(min_length=1, max_length=200)
    by: str = Field(min_length=1, max_length=200)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register a concrete command under its subject."""
        if cls.SUBJECT:
            COMMAND_SUBJECTS[cls.SUBJECT] = cls


class Problem(BaseModel):
    """Why a command was refused: RFC 9457 problem details; nothing has changed."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[dict[str, str], ...] = ()


def refuse(status: int, kind: str, title: str, detail: str, faults: tuple[Fault, ...] = ()) -> Problem:
    """Return the problem that a refused command is answered with; `kind` completes `urn:yingda:problem:`."""
    return Problem(
        type=f"urn:yingda:problem:{kind}",
        title=title,
        status=status,
        detail=detail,
        errors=tuple(fault.to_json() for fault in faults),
    )


class WorkorderCommand(Command):
    """A command on one work order."""

    work_order_id: str


class Respond(WorkorderCommand):
    """Answer the customer, or respond inside the house (R-SLA-01)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.respond"

    text: str = Field(min_length=1, max_length=10_000)
    audience: Audience = "customer"


class Resolve(WorkorderCommand):
    """Record the department's result."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.resolve"

    outcome: Outcome = "resolved"
    text: str = Field(default="", max_length=10_000)


class Sign(WorkorderCommand):
    """Approve the result, or return it with a reason (R-RT-07)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.sign"

    approve: bool
    reason: str | None = None


class Confirm(WorkorderCommand):
    """Countersign a change that `network` made (only `service`, R-RT-07)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.confirm"


class Transfer(WorkorderCommand):
    """Give the work order to another department, with a reason."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.transfer"

    department: str
    reason: str = Field(min_length=1)


class Pause(WorkorderCommand):
    """Wait for the customer."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.pause"

    reason: str = Field(min_length=1)


class Resume(WorkorderCommand):
    """Go on: the customer has answered."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.resume"

    reason: str | None = None


class Promise(WorkorderCommand):
    """Record a promise to the customer (R-RT-10)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.promise"

    at: Moment
    text: str = Field(min_length=1)


class Classify(WorkorderCommand):
    """Decide category and topic (R-RT-01)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.classify"

    category: str
    topic: str | None = None


class Collaborate(WorkorderCommand):
    """Ask another department for a deliverable by a time (R-RT-09)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.collaborate"

    department: str
    deliverable: str = Field(min_length=1)
    due_at: Moment


class Reopen(WorkorderCommand):
    """Begin a new cycle (R-SLA-11)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.reopen"

    reason: str | None = None


class Cancel(WorkorderCommand):
    """End the work order without a result."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.cancel"

    reason: str = Field(min_length=1)


class GetWorkorder(Command):
    """Read one work order by id or number, with its history."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.get"

    work_order_id: str | None = None
    number: str | None = None


class RecordCallback(Command):
    """Record one attempt of a callback and what the customer said (R-FB-01, R-FB-02)."""

    SUBJECT: ClassVar[str] = "yingda.command.callback.record"

    callback_id: str
    outcome: CallbackOutcome
    solved: bool | None = None
    score: int | None = Field(default=None, ge=0, le=10)
    satisfaction: Satisfaction | None = Field(default="not_rated", description="null counts as not_rated")
    comment: str | None = Field(default=None, max_length=10_000)


class ListCallbacks(Command):
    """List the open callbacks, the earliest due first."""

    SUBJECT: ClassVar[str] = "yingda.command.callback.list"

    department: str | None = None
    work_order_id: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


class SearchKnowledge(Command):
    """Search the published entries in Chinese or English (R-FB-04)."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.search"

    text: str = Field(min_length=1, max_length=10_000)
    limit: int = Field(default=5, ge=1, le=50)


class ReviewKnowledge(Command):
    """Publish a draft, edited or as it is, or retire an entry (R-FB-04)."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.review"

    entry_id: str
    approve: bool
    problem: str | None = None
    solution: str | None = None
    reason: str | None = None


class ListNotifications(Command):
    """List notifications that failed or whose fate is unknown (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.list"

    state: Literal["failed", "unknown", "suppressed", "queued", "sent"] = "failed"
    limit: int = Field(default=50, ge=1, le=500)


class RetryNotification(Command):
    """Send a failed notification, or one of unknown fate, again (R-NT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.notification.retry"

    notification_id: str
