"""Figures of the reception (handbook, section 2)."""

from typing import Annotated

from pydantic import Field

from shared.policy.base import Model, WrittenDuration


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
