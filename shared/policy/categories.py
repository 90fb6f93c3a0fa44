"""Categories of contacts: where they go, what must be registered, which deadlines run (handbook, sections 3 and 4)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, field_validator

from shared.policy.base import Grade, Key, Model, Text, WrittenDuration, WrittenTime, with_ids
from shared.policy.durations import Duration

Script = Literal["product_project", "platform_ad", "complaint_after_sales", "care"]
ByGrade = Literal["by_grade"]


def _target(value: object) -> Duration | ByGrade:
    if isinstance(value, Duration):
        return value
    if value == "by_grade":
        return "by_grade"
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is written as text")  # noqa: TRY004 - pydantic reports ValueError only
    return Duration.parse(value)


WrittenTarget = Annotated[
    Duration | ByGrade,
    PlainValidator(_target, json_schema_input_type=str),
    PlainSerializer(str, return_type=str),
]


class Topic(Model):
    """A topic inside a category, with the department that owns it."""

    id: Annotated[Key, Field(exclude=True)]
    name: Text
    department: Key


class Clocks(Model):
    """Deadlines armed when a work order of the category opens; an absent one does not run."""

    first_response: WrittenTarget | None = None
    department_response: WrittenDuration | None = None
    resolution: WrittenTarget | None = None


class Category(Model):
    """What a contact is about."""

    id: Annotated[Key, Field(exclude=True)]
    name: Text
    department: Key
    """Who owns a work order without a topic (R-RT-02)."""
    topics: Annotated[Mapping[Key, Topic], Field(default_factory=dict)]
    department_from: Literal["employee"] | None = None
    """The department of the employee concerned owns the work order; `department` if that is unknown."""
    hand_on: Key | None = None
    """The department that takes over once the first one has succeeded (membership)."""
    to_supervisor: bool = False
    """Submitted to the department's supervisor rather than to whoever is free."""
    grade: Grade | None = None
    """Every work order of the category has at least this grade (R-RT-04)."""
    required: tuple[Key, ...] = ()
    """Fields that must be registered (R-IN-07)."""
    optional: tuple[Key, ...] = ()
    """Fields that are registered if known."""
    cutoff: WrittenTime | None = None
    """Local time of the daily hand-over; None: submitted at once (R-RT-03)."""
    confirmation: bool = False
    """The service agent checks and countersigns the result."""
    sensitive_request: bool = False
    """Needs identity verification before it can be resolved (R-IN-05)."""
    complaint: bool = False
    """The customer is waiting for an apology: the short reply and callback targets apply (R-SLA-03, R-SLA-05)."""
    outbound: bool = False
    """Planned by us, not written in: never classified as such, no clocks are armed."""
    script: Script
    """Which callback script the agent reads (R-FB-01)."""
    clocks: Annotated[Clocks, Field(default_factory=Clocks)]
    progress_relay: WrittenDuration | None = None
    """How fast every progress of the department is passed on to the customer, where the procedure asks for it."""

    _ids = field_validator("topics", mode="before")(with_ids)
