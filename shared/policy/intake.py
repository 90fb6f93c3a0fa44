"""Figures of the reception (handbook, section 2)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.policy.base import Model, WrittenDuration
from shared.policy.durations import Duration

Provenance = Annotated[str, Field(min_length=1), AfterValidator(str.casefold)]
Tier = Annotated[str, Field(min_length=1), AfterValidator(str.casefold)]

MediaType = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]*\*?$")]


class Answering(Model):
    """Limits of a telephone call; each one exceeded is counted (R-IN-10)."""

    rings: Annotated[int, Field(ge=1)]
    introduction: WrittenDuration
    hold: WrittenDuration
    call: WrittenDuration
    rate_percent: Annotated[int, Field(ge=1, le=100)]
    """Share of calls to be answered."""


class AttachmentRules(Model):
    """Which files that come with a contact are kept; one that is refused is named in the contact with the reason."""

    max_bytes: Annotated[int, Field(ge=1, le=100_000_000)] = 20_000_000
    """Of one file."""
    max_count: Annotated[int, Field(ge=0, le=1_000)] = 20
    """Of one contact; those after them are refused."""
    types: Annotated[tuple[MediaType, ...], Field(min_length=1)] = (
        "image/*",
        "audio/*",
        "video/*",
        "text/plain",
        "text/csv",
        "text/calendar",
        "text/vcard",
        "message/rfc822",
        "application/pdf",
        "application/rtf",
        "application/ofd",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-outlook",
        "application/vnd.openxmlformats-officedocument.*",
        "application/vnd.oasis.opendocument.*",
        "application/zip",
        "application/gzip",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-tar",
    )
    """Media types as the content shows them; `*` at the end stands for any rest. What can run is refused in any case."""


class Correspondence(Model):
    """How much one customer writes by mail before a machine is suspected, whose mail no machine answers (R-NT-07)."""

    most: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Mails of one customer within the time that are answered automatically."""
    within: WrittenDuration = Duration.parse("1h wall")


class IntakePolicy(Model):
    """How contacts are taken in."""

    link_window: WrittenDuration
    """The same customer writing on two channels within this time: the contacts are linked (R-IN-06)."""
    answering: Answering
    volunteered: Annotated[tuple[Provenance, ...], Field(min_length=1)]
    """Markings of a detail that the customer volunteered; one that is marked otherwise is dropped (R-IN-03)."""
    cannot_wait: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    """Words of a contact that is looked for in a long queue and served first, besides the marks of urgency (R-RT-04)."""
    attachments: AttachmentRules = AttachmentRules()
    correspondence: Correspondence = Correspondence()
    tiers: tuple[Tier, ...]
    """Tiers of customers, the lowest first: a contact raises a customer's tier and never lowers it (R-IN-11)."""
