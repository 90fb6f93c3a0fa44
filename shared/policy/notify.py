"""How customers and staff are told (handbook, section 5). Passwords and keys are settings, never policy."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from shared.events.notification import Purpose
from shared.policy.base import Key, Model, Role, Text, WrittenDuration, WrittenWait, WrittenWindow
from shared.policy.durations import Duration

Audience = Literal["customer", "staff"]


_LATER_KINDS: Final = {"contacted": "contacted"}
"""Kinds of news that came when policies had been written already: these have the packaged text for them."""


class Templates(Model):
    """Template names: one per purpose, and others for kinds of news, plain language and some categories (R-NT-03)."""

    default: Mapping[Purpose, Key]
    by_kind: Annotated[Mapping[Key, Key], Field(default_factory=dict)]
    """For what has a purpose in common with other news but wants words of its own: `collaboration`, `promise` …"""
    plain: Annotated[Mapping[Purpose, Key], Field(default_factory=dict)]
    """Simpler texts for customers who prefer them, as many elderly people do (R-IN-11)."""
    by_category: Annotated[Mapping[Key, Mapping[Purpose, Key]], Field(default_factory=dict)]
    digest: Key = "digest"
    """Several notices to one member of staff in one message (R-SLA-10)."""
    texts: Annotated[Mapping[Key, Text], Field(default_factory=dict)]
    """Templates of the house's own, by name: each comes before a packaged one of the same name. The first line is the
    subject, the rest is the text, as in the packaged ones."""

    @field_validator("by_kind")
    @classmethod
    def _with_later_kinds(cls, by_kind: Mapping[Key, Key]) -> Mapping[Key, Key]:
        return {**_LATER_KINDS, **by_kind}

    def name(
        self, purpose: Purpose, category: str | None = None, kind: str | None = None, *, plain: bool = False
    ) -> str:
        """Return the template: the kind's, else the plain one where wanted, else the category's, else the purpose's."""
        if kind and kind in self.by_kind:
            return self.by_kind[kind]
        if plain and purpose in self.plain:
            return self.plain[purpose]
        special = self.by_category.get(category, {}) if category else {}
        return special.get(purpose) or self.default[purpose]

    @property
    def names(self) -> frozenset[str]:
        """Every template that is named."""
        rows = [name for row in self.by_category.values() for name in row.values()]
        return frozenset([*self.default.values(), *self.by_kind.values(), *self.plain.values(), *rows, self.digest])


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

    count: Annotated[int, Field(ge=1, le=1000)]
    per: WrittenDuration

    @field_validator("per")
    @classmethod
    def _some_time(cls, per: Duration) -> Duration:
        if per.kind != "wall" or not per.seconds:
            raise ValueError(f"a limit counts in wall time of some length, not {per}")
        return per


class RateLimits(Model):
    """Limits per provider and per recipient; all of a list hold at once (R-NT-05)."""

    transports: Annotated[Mapping[Key, tuple[RateLimit, ...]], Field(default_factory=dict)]
    """By the name of the transport; one that is not named has no limit."""
    recipients: Annotated[Mapping[Audience, tuple[RateLimit, ...]], Field(default_factory=dict)]
    addresses: Annotated[Mapping[Key, tuple[RateLimit, ...]], Field(default_factory=dict)]
    """What each transport carries to one address, by the name of the transport: vendors of SMS refuse what is over it."""


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
    holiday_greetings: Annotated[Mapping[str, Text], Field(default_factory=dict)]
    """By the Chinese name of the public holiday; on one without a greeting nothing is wished (R-IN-11)."""
    report_readers: tuple[Role, ...] = ("supervisor", "head", "manager")
    """Who hears of a new report (R-FB-05)."""
    max_transport_wait: WrittenWait
    """How long one attempt may take before its outcome counts as unknown (R-NT-04)."""
