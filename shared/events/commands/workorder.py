"""Commands on a work order, answered by routing (R-RT-01, R-RT-06 to R-RT-11, R-IN-05)."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.base import Moment
from shared.events.commands.base import Command
from shared.events.workorder import Audience, Outcome


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
    """Read one work order by its id, its number or its contact's id, with its history."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.get"

    work_order_id: str | None = None
    number: str | None = None
    contact_id: str | None = None


class Deliver(WorkorderCommand):
    """Give the result of a collaboration back to the work order; the asked department does it (R-RT-09)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.deliver"

    collaboration_id: str = Field(min_length=1)
    text: str = Field(min_length=1, max_length=10_000)
    declined: bool = False


class Assign(WorkorderCommand):
    """Give the work order to a member of its department (R-RT-08)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.assign"

    assignee: str = Field(min_length=1)
    reason: str | None = None


class Link(WorkorderCommand):
    """Note that two work orders are about the same matter; both stay (R-IN-06, R-RT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.link"

    other_work_order_id: str = Field(min_length=1)
    reason: str | None = None


class Merge(WorkorderCommand):
    """End the work order in favour of another one about the same matter (R-RT-06)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.merge"

    into_work_order_id: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Tag(WorkorderCommand):
    """Add and remove tags, such as `投诉-物流延迟` (R-RT-11)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.tag"

    add: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=20)
    remove: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=20)


class ListWorkorders(Command):
    """List work orders, the newest first, by any of these (R-RT-08, R-RT-11)."""

    SUBJECT: ClassVar[str] = "yingda.command.workorder.list"

    department: str | None = None
    assignee: str | None = None
    customer_id: str | None = None
    status: str | None = None
    queue: str | None = None
    tag: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


class VerifyContact(WorkorderCommand):
    """Verify who the customer is: the name and one identifier known for that customer (R-IN-05)."""

    SUBJECT: ClassVar[str] = "yingda.command.contact.verify"

    name: str = Field(min_length=1, max_length=200)
    phone: str | None = Field(default=None, max_length=100)
    order_no: str | None = Field(default=None, max_length=100)
    member_no: str | None = Field(default=None, max_length=100)
