"""The normal form of a contact, whatever channel it came over (R-IN-01, R-IN-02)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.intake.domain.calls import judged
from services.intake.domain.customer_file import CustomerFile, file_of
from services.intake.domain.personal import personal
from services.intake.domain.preferences import is_automatic, preferences_of, wants_plain_language
from services.intake.domain.provenance import screen
from shared.events import Call, Contact, ContactRegistered, PhoneContact
from shared.events.storable import is_storable, storable
from shared.policy import Policy
from shared.values import frozen


@frozen
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
    provenance: Mapping[str, str]
    """How each detail came about, by its dotted place (R-IN-03)."""
    dropped: tuple[str, ...]
    """The names of the details that were not volunteered; there is no more left of them."""
    call: Call | None

    def event(self, customer_id: str, known: CustomerFile, at: datetime) -> ContactRegistered:
        """Return what the other services hear; `known` is the customer's file as this contact leaves it."""
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
            tier=known.tier,
            member_no=who.member_no,
            agent_id=contact.agent_id,
            duration_seconds=contact.duration_seconds,
            attachments=contact.attachments,
            call=self.call,
            preferred_channel=known.preferences.channel,
            plain_language=wants_plain_language(known.preferences),
            auto_submitted=is_automatic(self.details.get("auto_submitted")),
            dropped=self.dropped,
            thread=contact.thread,
            personal=personal(who, contact.text),
        )


def register(contact: Contact, policy: Policy, *, contact_id: str, channel: str, source_id: str) -> Registration:
    """Return the normal form of `contact`. Unknown fields are kept, not refused; a detail of the same name wins."""
    if not is_storable((vars(contact), contact.__pydantic_extra__)):
        contact = type(contact).model_validate(storable(contact.model_dump()))
    screened = screen(contact, policy)
    clean = screened.contact
    extra = dict(clean.__pydantic_extra__ or {})
    if clean.customer.__pydantic_extra__:
        extra.setdefault("customer", dict(clean.customer.__pydantic_extra__))
    details = {**extra, **clean.details}
    return Registration(
        contact_id=contact_id,
        channel=channel,
        source_id=source_id,
        contact=clean,
        told=file_of(clean.customer, policy.intake.tiers, preferences_of(clean, details)),
        details=details,
        extra=extra,
        provenance=screened.provenance,
        dropped=screened.dropped,
        call=judged(clean.call, clean.duration_seconds, policy) if isinstance(clean, PhoneContact) else None,
    )
