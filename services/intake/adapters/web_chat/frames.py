"""What client and server say to each other over the WebSocket: one JSON object a frame.

client                                            server
{"type": "hello", "session": "…" or absent,       {"type": "welcome", "session": "…", "kept": ["m1", …]}
 "customer": {…}, "details": {…}, "locale": "…"}
{"type": "message", "id": "m2", "text": "…"}      {"type": "kept", "id": "m2"}
                                                  {"type": "refused", "id": "m2", "reason": "not-kept", "title": "…"}
{"type": "end"}                                   {"type": "ended", "reference": "web/chat/…"}
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from pydantic_core import to_json

from shared.events import Customer

LONGEST_MESSAGE: Final = 4_000
Session = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
MessageId = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]

TITLES: Final = {
    "ended": "The conversation has ended: begin another one with a new session",
    "full": "The conversation is as long as a contact may be: end it and begin another one",
    "empty": "Nothing was said yet",
    "not-kept": "The message is not kept yet: send it again",
    "too-many": "Too many messages: send it again in a minute",
    "unreadable": "The frame is not one of this protocol",
}


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hello(_Frame):
    """Begins, or goes on after a lost connection; the session is the client's secret."""

    type: Literal["hello"]
    session: Session | None = None
    customer: dict[str, Annotated[str, Field(max_length=500)]] = Field(default_factory=dict, max_length=20)
    details: dict[str, Annotated[str, Field(max_length=2_000)]] = Field(default_factory=dict, max_length=40)
    locale: str | None = Field(default=None, max_length=35)

    @field_validator("customer")
    @classmethod
    def _a_customer(cls, value: dict[str, str]) -> dict[str, str]:
        """Refuse now what could not be read later."""
        Customer.model_validate(value)
        return value


class Message(_Frame):
    """What the customer says; the same `id` again is the same message."""

    type: Literal["message"]
    id: MessageId
    text: str = Field(min_length=1, max_length=LONGEST_MESSAGE)


class End(_Frame):
    """The customer has nothing more to say."""

    type: Literal["end"]


Frame = Annotated[Hello | Message | End, Field(discriminator="type")]
_FRAMES: Final[TypeAdapter[Hello | Message | End]] = TypeAdapter(Frame)


def read_frame(text: str) -> Hello | Message | End | None:
    """Return the frame; None where it is none of these."""
    try:
        return _FRAMES.validate_json(text)
    except ValidationError:
        return None


def refused(reason: str, message_id: str | None = None) -> str:
    """Return the frame that refuses a message, or what was asked for otherwise."""
    return written({"type": "refused", "id": message_id, "reason": reason, "title": TITLES[reason]})


def written(frame: dict[str, Any]) -> str:
    """Return a frame as it is sent."""
    return to_json(frame).decode()
