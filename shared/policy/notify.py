"""How customers and staff are told (handbook, section 5). Passwords and keys are settings, never policy."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from shared.events.notification import Purpose
from shared.policy.base import Key, Model, WrittenDuration, WrittenWindow
from shared.policy.durations import Duration

Audience = Literal["customer", "staff"]


class Templates(Model):
    """Template names: one per purpose, and others for some categories (R-NT-03)."""

    default: Mapping[Purpose, Key]
    by_category: Annotated[Mapping[Key, Mapping[Purpose, Key]], Field(default_factory=dict)]

    def name(self, purpose: Purpose, category: str | None = None) -> str:
        """Return the category's template for the purpose, else the purpose's; KeyError if it has none."""
        special = self.by_category.get(category, {}) if category else {}
        return special.get(purpose) or self.default[purpose]


class QuietHours(Model):
    """When customers are left alone, local time (R-NT-05)."""

    hours: WrittenWindow
    exempt_purposes: tuple[Purpose, ...] = ()
    exempt_categories: tuple[Key, ...] = ()

    def applies(self, purpose: Purpose, category: str | None) -> bool:
        """Whether a message to a customer has to wait for the end of the quiet hours."""
        return purpose not in self.exempt_purposes and category not in self.exempt_categories


class RateLimit(Model):
    """At most `count` messages in any stretch of `per`."""

    count: Annotated[int, Field(ge=1)]
    per: WrittenDuration


class RateLimits(Model):
    """Limits per provider and per recipient (R-NT-05)."""

    transport: RateLimit
    recipient: RateLimit


class Retries(Model):
    """Growing pauses between attempts; the last pause repeats until `max_attempts`."""

    max_attempts: Annotated[int, Field(ge=1, le=100)]
    pauses: Annotated[tuple[WrittenDuration, ...], Field(min_length=1)]

    @field_validator("pauses")
    @classmethod
    def _growing(cls, pauses: tuple[Duration, ...]) -> tuple[Duration, ...]:
        if any(pause.kind != "wall" for pause in pauses):
            raise ValueError("pauses between attempts are wall time")
        if any(following.seconds < one.seconds for one, following in pairwise(pauses)):
            raise ValueError(f"pauses must grow: {', '.join(map(str, pauses))}")
        return pauses

    def pause(self, attempt: int) -> Duration | None:
        """Return the pause after the failed attempt number `attempt` (from 1); None: no further attempt."""
        if attempt >= self.max_attempts:
            return None
        return self.pauses[min(attempt, len(self.pauses)) - 1]


class Sender(Model):
    """Who messages come from."""

    name: str
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class NotifyPolicy(Model):
    """Channels, transports, texts, retries and quiet hours."""

    sender: Sender
    customer_channels: Annotated[tuple[Key, ...], Field(min_length=1)]
    """Order of channels where the customer named no preferred one (R-NT-01)."""
    staff_channels: Annotated[tuple[Key, ...], Field(min_length=1)]
    transports: Mapping[Audience, Mapping[Key, Annotated[tuple[Key, ...], Field(min_length=1)]]]
    """Transport plugins per audience and channel, each the fallback of the one before."""
    templates: Templates
    retries: Retries
    quiet_hours: QuietHours
    rate_limits: RateLimits
    max_transport_wait: WrittenDuration
    """How long one attempt may take before its outcome counts as unknown (R-NT-04)."""
