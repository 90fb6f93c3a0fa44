"""Figures of the reception (handbook, section 2)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.policy.base import Model, WrittenDuration

Provenance = Annotated[str, Field(min_length=1), AfterValidator(str.casefold)]
Tier = Annotated[str, Field(min_length=1), AfterValidator(str.casefold)]


class Answering(Model):
    """Limits of a telephone call; each one exceeded is counted (R-IN-10)."""

    rings: Annotated[int, Field(ge=1)]
    introduction: WrittenDuration
    hold: WrittenDuration
    call: WrittenDuration
    rate_percent: Annotated[int, Field(ge=1, le=100)]
    """Share of calls to be answered."""


class IntakePolicy(Model):
    """How contacts are taken in."""

    link_window: WrittenDuration
    """The same customer writing on two channels within this time: the contacts are linked (R-IN-06)."""
    answering: Answering
    volunteered: Annotated[tuple[Provenance, ...], Field(min_length=1)]
    """Markings of a detail that the customer volunteered; one that is marked otherwise is dropped (R-IN-03)."""
    cannot_wait: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    """Words of a contact that is looked for in a long queue and served first, besides the marks of urgency (R-RT-04)."""
    tiers: tuple[Tier, ...]
    """Tiers of customers, the lowest first: a contact raises a customer's tier and never lowers it (R-IN-11)."""
