"""The normal form of a contact, whatever channel it came over (R-IN-01, R-IN-02)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.customer_file import ANONYMOUS, CustomerFile, file_of
from services.intake.domain.storable import storable
from shared.events import Contact, ContactRegistered, Personal


@dataclass(frozen=True, slots=True)
class Registration:
    """One contact as it is recorded. Everything in it can be stored; `extra` holds what the contract does not name."""

    contact_id: str
    channel: str
    source_id: str
    contact: Contact
    told: CustomerFile
    """What this contact says of its customer."""
    details: Mapping[str, Any]
    """The agent's or form's details, and beside them the fields that the contract does not name."""
    extra: Mapping[str, Any]

    def event(self, customer_id: str, known: CustomerFile, at: datetime) -> ContactRegistered:
        """Return what the other services hear; `known` completes what the contact leaves open about its customer."""
        who = self.told.completed(known)
        contact = self.contact
        return ContactRegistered(
            contact_id=self.contact_id,
            channel=self.channel,
            source_id=self.source_id,
            customer_id=customer_id,
            occurred_at=contact.occurred_at,
            registered_at=at,
            category=contact.category,
            topic=contact.topic,
            details=dict(self.details),
            emotion=contact.emotion,
            locale=contact.locale,
            customer_type=who.type,
            tier=who.tier,
            member_no=who.member_no,
            agent_id=contact.agent_id,
            duration_seconds=contact.duration_seconds,
            attachments=contact.attachments,
            personal=Personal(
                name=who.name or ANONYMOUS,
                honorific=who.honorific,
                phone=who.phone,
                email=who.email,
                company=who.company,
                address=who.address,
                text=contact.text,
            ),
        )


def register(contact: Contact, *, contact_id: str, channel: str, source_id: str) -> Registration:
    """Return the normal form of `contact`. Unknown fields are kept, not refused; a detail of the same name wins."""
    clean = Contact.model_validate(storable(contact.model_dump()))
    extra = dict(clean.__pydantic_extra__ or {})
    if clean.customer.__pydantic_extra__:
        extra.setdefault("customer", dict(clean.customer.__pydantic_extra__))
    return Registration(
        contact_id=contact_id,
        channel=channel,
        source_id=source_id,
        contact=clean,
        told=file_of(clean.customer),
        details={**extra, **clean.details},
        extra=extra,
    )
