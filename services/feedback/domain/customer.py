"""What feedback knows about the person behind a work order; none of it leaves in an event."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final, Self

from shared.events import ContactCompleted, ContactRegistered
from shared.values import frozen

ANONYMOUS: Final = "匿名客户"
_NO_DIGIT: Final = re.compile(r"\D")
_CHINA: Final = "86"
_LONGEST_LANDLINE: Final = 10
"""Digits of a number in China with its area but without its country; a mobile one has 11 and begins with 1."""


@frozen
class Customer:
    """One contact with the customer as known then: what a callback, a draft of knowledge and the customer file need."""

    contact_id: str
    text: str = ""
    locale: str = "zh-CN"
    name: str | None = None
    honorific: str | None = None
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    address: str | None = None
    member_no: str | None = None
    order_no: str | None = None
    customer_id: str = ""
    channel: str = ""
    occurred_at: datetime | None = None
    emotion: str | None = None
    agent_id: str | None = None
    customer_type: str | None = None
    tier: str | None = None
    preferred_channel: str | None = None
    plain_language: bool = False
    phone_key: str | None = None
    """What a telephone number is looked up by: see `phone_key`."""

    @classmethod
    def of(cls, event: ContactRegistered) -> Self:
        """Return what `event` tells."""
        personal = event.personal
        return cls(
            contact_id=event.contact_id,
            text=personal.text,
            locale=event.locale,
            name=_known(personal.name),
            honorific=personal.honorific,
            phone=personal.phone,
            email=personal.email,
            company=personal.company,
            address=personal.address,
            member_no=event.member_no,
            order_no=_order_no(event),
            customer_id=event.customer_id,
            channel=event.channel,
            occurred_at=event.occurred_at,
            emotion=event.emotion,
            agent_id=event.agent_id,
            customer_type=event.customer_type,
            tier=event.tier,
            preferred_channel=event.preferred_channel,
            plain_language=event.plain_language,
            phone_key=phone_key(personal.phone),
        )

    def completed(self, event: ContactCompleted) -> Self:
        """Return the contact as known now that its register was completed (R-IN-04, R-IN-07)."""
        personal = event.personal
        phone = personal.phone or self.phone
        return replace(
            self,
            text=personal.text or self.text,
            name=_known(personal.name) or self.name,
            honorific=personal.honorific or self.honorific,
            phone=phone,
            phone_key=phone_key(phone),
            email=personal.email or self.email,
            company=personal.company or self.company,
            address=personal.address or self.address,
            member_no=event.member_no or self.member_no,
            order_no=_order_no(event) or self.order_no,
            preferred_channel=event.preferred_channel or self.preferred_channel,
            plain_language=event.plain_language or self.plain_language,
        )


def phone_key(number: str | None) -> str | None:
    """Return the digits of a telephone number without prefixes for dialling and without our country: spellings agree."""
    digits = _NO_DIGIT.sub("", number or "").lstrip("0")
    if len(digits) > _LONGEST_LANDLINE:
        digits = digits.removeprefix(_CHINA).lstrip("0")
    return digits or None


def _known(name: str | None) -> str | None:
    return None if name == ANONYMOUS else name


def _order_no(event: ContactRegistered | ContactCompleted) -> str | None:
    order_no = event.details.get("order_no")
    return str(order_no) if isinstance(order_no, str | int) else None
