"""Work orders 工作单: opened from a contact, then one event for every step of the life (R-RT-06)."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import Channel, Emotion, Event, Grade, Moment

Status = Literal[
    "opened", "responded", "resolved", "signed", "confirmed", "called_back", "paused", "closed", "cancelled", "merged"
]
Tendency = Literal["low", "medium", "high"]
Outcome = Literal["resolved", "pending", "transferred", "unresolvable"]
AssignmentWay = Literal["assigner", "by_hand", "to_supervisor", "absent", "full", "nobody", "failed"]
Audience = Literal["customer", "staff"]


class WorkorderOpened(Event):
    """A work order exists, in its department or in the triage queue of `service` (R-RT-01, R-RT-02)."""

    TYPE: ClassVar[str] = "yingda.workorder.opened.v1"

    work_order_id: str
    number: str
    contact_id: str
    source_id: str
    customer_id: str
    channel: Channel
    category: str
    topic: str | None = None
    grade: Grade
    sensitive: bool
    department: str
    queue: Literal["department", "triage"]
    classified_by: str
    confidence: float = Field(ge=0, le=1)
    evidence: tuple[str, ...] = ()
    missing_fields: tuple[str, ...] = ()
    cutoff_at: Moment | None = None
    policy_version: str
    version: int = 1
    cycle: int = 1
    assignee: str | None = None
    sensitive_reasons: tuple[str, ...] = ()
    attitude: Emotion | None = Field(default=None, description="told with a sensitive matter (R-RT-05)")
    tendency: Tendency | None = Field(default=None, description="to complain, told with a sensitive matter (R-RT-05)")
    verification_required: bool = Field(
        default=False, description="no result before the customer is verified (R-IN-05)"
    )
    concerned: tuple[str, ...] = Field(
        default=(), description="ids of the staff whom a complaint about staff is against: they are told nothing of it"
    )
    tags: tuple[str, ...] = ()
    tier: str | None = Field(default=None, description="of the customer, as VIPs keep theirs (R-IN-11)")
    conversation_ended_at: Moment | None = None
    occurred_at: Moment
    opened_at: Moment


class WorkorderStep(Event):
    """What every later step of a work order tells: who, when, why, and the work order's gapless `version`."""

    work_order_id: str
    number: str
    department: str
    status: Status
    version: int = Field(ge=1)
    cycle: int = Field(ge=1)
    by: str
    at: Moment
    reason: str | None = None


class WorkorderResponded(WorkorderStep):
    """A person answered the customer, or the department responded (R-SLA-01, R-SLA-02)."""

    TYPE: ClassVar[str] = "yingda.workorder.responded.v1"

    audience: Audience = "customer"
    by_department: str = Field(description="the department of the person who responded")
    text: str = ""


class WorkorderResolved(WorkorderStep):
    """The department recorded its result (R-SLA-02)."""

    TYPE: ClassVar[str] = "yingda.workorder.resolved.v1"

    outcome: Outcome
    text: str = ""


class WorkorderSigned(WorkorderStep):
    """The department's supervisor approved the result (R-RT-07)."""

    TYPE: ClassVar[str] = "yingda.workorder.signed.v1"

    confirmation_required: bool = Field(description="true where the service agent must countersign first")


class WorkorderReturned(WorkorderStep):
    """The supervisor did not sign and sent the work order back to its department, with the reason."""

    TYPE: ClassVar[str] = "yingda.workorder.returned.v1"


class WorkorderConfirmed(WorkorderStep):
    """A service agent checked and countersigned a change that `network` made."""

    TYPE: ClassVar[str] = "yingda.workorder.confirmed.v1"


class WorkorderTransferred(WorkorderStep):
    """The work order belongs to `department` now; `from_department` gave it away with a reason."""

    TYPE: ClassVar[str] = "yingda.workorder.transferred.v1"

    from_department: str


class WorkorderClassified(WorkorderStep):
    """A person decided category and topic; the work order left the triage queue (R-RT-01)."""

    TYPE: ClassVar[str] = "yingda.workorder.classified.v1"

    category: str
    topic: str | None = None
    grade: Grade
    suggested_category: str | None = None
    suggested_topic: str | None = None
    cutoff_at: Moment | None = None
    occurred_at: Moment
    sensitive: bool = False
    sensitive_reasons: tuple[str, ...] = ()
    attitude: Emotion | None = Field(default=None, description="told with a sensitive matter (R-RT-05)")
    tendency: Tendency | None = Field(default=None, description="to complain, told with a sensitive matter (R-RT-05)")
    verification_required: bool = False
    missing_fields: tuple[str, ...] = ()
    concerned: tuple[str, ...] = Field(
        default=(), description="ids of the staff whom a complaint about staff is against: they are told nothing of it"
    )


class WorkorderPaused(WorkorderStep):
    """The work order waits for the customer; its clocks stand still (R-SLA-08)."""

    TYPE: ClassVar[str] = "yingda.workorder.paused.v1"


class WorkorderResumed(WorkorderStep):
    """The waiting is over; the clocks run on with what was left (R-SLA-08)."""

    TYPE: ClassVar[str] = "yingda.workorder.resumed.v1"


class WorkorderReopened(WorkorderStep):
    """A new cycle begins; the earlier cycle's clocks stay as they were (R-SLA-11)."""

    TYPE: ClassVar[str] = "yingda.workorder.reopened.v1"

    category: str
    topic: str | None = None
    grade: Grade


class WorkorderCalledBack(WorkorderStep):
    """The customer was told the result and asked for satisfaction (R-FB-02)."""

    TYPE: ClassVar[str] = "yingda.workorder.called_back.v1"

    callback_id: str


class WorkorderClosed(WorkorderStep):
    """The work order is done, with its outcome."""

    TYPE: ClassVar[str] = "yingda.workorder.closed.v1"

    outcome: Outcome


class WorkorderCancelled(WorkorderStep):
    """The work order ended without a result, with the reason."""

    TYPE: ClassVar[str] = "yingda.workorder.cancelled.v1"


class WorkorderEscalated(WorkorderStep):
    """A step of the escalation ladder reached the work order (R-SLA-10)."""

    TYPE: ClassVar[str] = "yingda.workorder.escalated.v1"

    metric: str
    step: str
    to: tuple[str, ...] = Field(description="ids of the staff who were told")


class WorkorderPromised(WorkorderStep):
    """A member of staff promised the customer something by a time (R-RT-10)."""

    TYPE: ClassVar[str] = "yingda.workorder.promised.v1"

    promised_at: Moment
    text: str = ""


class WorkorderAssigned(WorkorderStep):
    """The work order has an assignee inside its department (R-RT-08).

    `way` is how it came to that person: `assigner` by the policy's plugin, `by_hand` by a colleague; or it went to the
    supervisor because its category does (`to_supervisor`), nobody was at work (`absent`), everybody there had as much
    as they may hold (`full`), the plugin chose nobody (`nobody`), or it failed or chose wrongly (`failed`).
    """

    TYPE: ClassVar[str] = "yingda.workorder.assigned.v1"

    assignee: str
    way: AssignmentWay = "by_hand"


class WorkorderCollaborated(WorkorderStep):
    """The owner asked another department for a deliverable by a time (R-RT-09)."""

    TYPE: ClassVar[str] = "yingda.workorder.collaborated.v1"

    collaboration_id: str
    with_department: str
    deliverable: str
    due_at: Moment


class WorkorderDelivered(WorkorderStep):
    """The asked department gave its deliverable back to the work order, or declined with a reason (R-RT-09)."""

    TYPE: ClassVar[str] = "yingda.workorder.delivered.v1"

    collaboration_id: str
    by_department: str
    declined: bool = False
    text: str = ""


class WorkorderVerified(WorkorderStep):
    """The customer is who they say: name and one identifier agree; a result may be recorded now (R-IN-05)."""

    TYPE: ClassVar[str] = "yingda.workorder.verified.v1"

    identifier: Literal["phone", "order_no", "member_no"]


class WorkorderSupplemented(WorkorderStep):
    """Fields of the register were added; `missing_fields` are those still missing (R-IN-07)."""

    TYPE: ClassVar[str] = "yingda.workorder.supplemented.v1"

    fields: tuple[str, ...]
    missing_fields: tuple[str, ...]


class WorkorderContacted(WorkorderStep):
    """The customer wrote again about it: a further contact joined the work order instead of opening one (R-IN-06)."""

    TYPE: ClassVar[str] = "yingda.workorder.contacted.v1"

    contact_id: str
    source_id: str
    channel: Channel
    occurred_at: Moment


class WorkorderLinked(WorkorderStep):
    """Another work order is about the same matter; both stay (R-IN-06)."""

    TYPE: ClassVar[str] = "yingda.workorder.linked.v1"

    other_work_order_id: str
    other_number: str


class WorkorderMerged(WorkorderStep):
    """The work order ended in favour of another one; its status is `merged` (R-RT-06)."""

    TYPE: ClassVar[str] = "yingda.workorder.merged.v1"

    into_work_order_id: str
    into_number: str


class WorkorderTagged(WorkorderStep):
    """The work order carries `tags` now (R-RT-11)."""

    TYPE: ClassVar[str] = "yingda.workorder.tagged.v1"

    customer_id: str
    tags: tuple[str, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class WorkorderExpired(Event):
    """The records of these work orders have had their time (`YINGDA_RECORDS_DAYS`): every service removes its own.

    No step of a work order: nothing is left of it that could have a version.
    """

    TYPE: ClassVar[str] = "yingda.workorder.expired.v1"

    work_order_ids: tuple[str, ...]
    contact_ids: tuple[str, ...]
    at: Moment


class WorkorderHandedOver(Event):
    """The 16:00 batch of one department was handed to its supervisor (R-RT-03)."""

    TYPE: ClassVar[str] = "yingda.workorder.handed_over.v1"

    department: str
    cutoff_at: Moment
    work_order_ids: tuple[str, ...]
    numbers: tuple[str, ...] = ()
