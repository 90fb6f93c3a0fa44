"""Messages over a channel that are no contact: bounces, automatic answers, our own mail that came back (R-NT-07)."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Event, Moment

AsideKind = Literal["bounced", "delayed", "delivered", "auto_replied", "own"]


class DeliveryReport(BaseModel):
    """What a mail server says became of a message of ours; without the address, which is personal."""

    model_config = ConfigDict(frozen=True)

    message_id: str = Field(max_length=400, description="of our message, without angle brackets")
    state: Literal["delivered", "failed", "bounced"] = Field(
        description="`bounced`: the address takes no mail for good"
    )
    reason: str = Field(max_length=100, description="the status, as in `5.1.1`")


class ContactSetAside(Event):
    """A message is recorded that is no contact: it opens no work order and is never answered (R-NT-07)."""

    TYPE: ClassVar[str] = "yingda.contact.set_aside.v1"

    channel: str
    source_id: str
    kind: AsideKind
    occurred_at: Moment
    reports: tuple[DeliveryReport, ...] = Field(default=(), description="what became of messages of ours")
