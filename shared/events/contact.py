"""Contacts 来访: what an adapter publishes, and what intake makes of it."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Channel, Emotion, Event, Moment
from shared.events.customer import Customer
from shared.events.thread import Thread

CallLimit = Literal["rings", "introduction", "hold", "call"]


def _absent(value: object) -> bool:
    return value is None


class Attachment(BaseModel):
    """A file that came with the contact: its kind, name and how it was obtained (R-IN-02).

    One that is kept has a `uri`, under which `yingda attachment get` finds it; one that was not has `refused` and `why`.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    name: str
    how_obtained: str | None = None
    media_type: str | None = Field(default=None, exclude_if=_absent, description="as its content shows")
    size: int | str | None = Field(default=None, exclude_if=_absent, description="bytes; others may write it in words")
    sha256: str | None = Field(default=None, exclude_if=_absent)
    uri: str | None = Field(default=None, exclude_if=_absent, description="of a file that is kept")
    refused: str | None = Field(default=None, exclude_if=_absent, description="in a word, why it is not kept")
    why: str | None = Field(default=None, exclude_if=_absent, description="and in a sentence")


class Contact(BaseModel):
    """A contact on the generic channels (contract, "A contact on the generic channels"). Unknown fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    occurred_at: Moment
    text: str = Field(min_length=1, max_length=10_000)
    customer: Customer = Customer()
    category: str | None = None
    topic: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    emotion: Emotion | None = None
    agent_id: str | None = None
    duration_seconds: float | None = Field(default=None, ge=0)
    attachments: tuple[Attachment, ...] = ()
    locale: str = "zh-CN"
    thread: Thread | None = None


class CallFigures(BaseModel):
    """The figures of a telephone call as they arrive (R-IN-10)."""

    model_config = ConfigDict(frozen=True)

    missed: bool = False
    rings: int | None = Field(default=None, ge=0)
    introduction_seconds: float | None = Field(default=None, ge=0, description="until the agent gave her name")
    hold_seconds: float | None = Field(default=None, ge=0, description="the longest look-up on hold")
    unresolved: bool = False
    callback_offered: bool = False
    callback_declined: bool = False


class PhoneContact(Contact):
    """A contact by telephone: the agent's form, or the telephone system's for a missed call (R-IN-10)."""

    call: CallFigures = CallFigures()


class Personal(BaseModel):
    """The personal data of a contact; nothing of it may appear in logs, metrics or other events."""

    model_config = ConfigDict(frozen=True)

    name: str | None = None
    honorific: str | None = None
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    address: str | None = None
    text: str = ""


class Call(CallFigures):
    """The figures of a telephone call and the limits it exceeded (R-IN-10)."""

    exceeded: tuple[CallLimit, ...] = ()


class ContactRegistered(Event):
    """A contact is recorded and its customer is found or created (R-IN-01, R-IN-02)."""

    TYPE: ClassVar[str] = "yingda.contact.registered.v1"

    contact_id: str
    channel: Channel
    source_id: str
    customer_id: str
    occurred_at: Moment
    registered_at: Moment
    category: str | None = None
    topic: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    emotion: Emotion | None = None
    locale: str = "zh-CN"
    customer_type: str | None = None
    tier: str | None = None
    member_no: str | None = None
    agent_id: str | None = None
    duration_seconds: float | None = None
    attachments: tuple[Attachment, ...] = ()
    call: Call | None = Field(default=None, description="of contacts by telephone")
    preferred_channel: str | None = Field(default=None, description="how the customer wants to be told (R-NT-01)")
    plain_language: bool = Field(default=False, description="simpler texts, as for the elderly (R-IN-11)")
    auto_submitted: bool = Field(default=False, description="written by a machine, never answered by one (R-NT-07)")
    dropped: tuple[str, ...] = Field(default=(), description="names of details that were not volunteered (R-IN-03)")
    thread: Thread | None = Field(default=None, description="what it answers: its customer's work order takes it")
    personal: Personal


class ContactCompleted(Event):
    """The register of a contact was completed; `personal` and `details` are as known now (R-IN-04, R-IN-07)."""

    TYPE: ClassVar[str] = "yingda.contact.completed.v1"

    contact_id: str
    customer_id: str
    completed: tuple[str, ...] = Field(description="names of the fields that were added")
    details: dict[str, Any] = Field(default_factory=dict)
    customer_type: str | None = None
    tier: str | None = None
    member_no: str | None = None
    preferred_channel: str | None = None
    plain_language: bool = False
    dropped: tuple[str, ...] = Field(default=(), description="names of details that were not volunteered (R-IN-03)")
    personal: Personal
    by: str
    at: Moment


class ContactRejected(Event):
    """A contact cannot be read; its raw form waits in the dead letters for an operator (R-IN-08)."""

    TYPE: ClassVar[str] = "yingda.contact.rejected.v1"

    channel: str
    source_id: str
    reason: str
    errors: tuple[dict[str, Any], ...] = ()
