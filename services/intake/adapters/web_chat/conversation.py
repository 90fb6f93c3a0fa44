"""One conversation and its steps: open, closing (nothing is added any more), then a contact."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, Self

LONGEST_TEXT: Final = 10_000
"""Characters of a whole conversation, as many as a contact may have."""
MOST_MESSAGES: Final = 500

State = Literal["open", "closing"]
Refusal = Literal["ended", "full"]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the customer; `id` is what the client calls it."""

    id: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a customer has said so far. `at` and `began_at` are the business's time, `touched` is real, in seconds."""

    began_at: str
    touched: float
    state: State = "open"
    customer: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    locale: str = "zh-CN"
    messages: tuple[Said, ...] = ()

    def knows(self, message_id: str) -> bool:
        """Return whether the message is in here."""
        return any(one.id == message_id for one in self.messages)

    def refusal(self, text: str) -> Refusal | None:
        """Return why `text` cannot be added; None where it can."""
        if self.state != "open":
            return "ended"
        length = sum(len(one.text) + 1 for one in self.messages) + len(text)
        return "full" if length > LONGEST_TEXT or len(self.messages) >= MOST_MESSAGES else None

    def with_message(self, said: Said, touched: float, known: "Known") -> Self:
        """Return the conversation with one message more, and with what is known of the customer by now."""
        return replace(
            self,
            touched=touched,
            messages=(*self.messages, said),
            customer={**self.customer, **known.customer},
            details={**self.details, **known.details},
            locale=known.locale or self.locale,
        )

    def closing(self) -> Self:
        """Return it as it will be told: nothing is added any more."""
        return replace(self, state="closing")

    def form(self) -> dict[str, Any]:
        """Return the generic form of the contract: one contact of all that was said."""
        begin, end = (datetime.fromisoformat(at) for at in (self.began_at, self.messages[-1].at))
        return {
            "occurred_at": self.began_at,
            "text": "\n".join(one.text for one in self.messages),
            "customer": dict(self.customer),
            "details": dict(self.details),
            "duration_seconds": max(0.0, (end - begin).total_seconds()),
            "locale": self.locale,
        }

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Return what was kept."""
        return cls(**{**raw, "messages": tuple(Said(**one) for one in raw["messages"])})


@dataclass(frozen=True, slots=True)
class Known:
    """What the client told of the customer when it connected."""

    customer: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None
