"""By which channel and to which address a recipient is reached (R-NT-01, R-NT-07)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.notify.domain.facts import Contact
from shared.policy import Policy, Staff

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ABROAD = re.compile(r"\+(?!86)[1-9]\d{6,14}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_LONGEST_EMAIL = 254
_ALIKE = {"phone": "sms"}
"""Channels on which nothing can be written, with the one that reaches the same device."""


@dataclass(frozen=True, slots=True)
class Address:
    """A channel, and an address that is valid on it."""

    channel: str
    to: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody can be told, with the reason in a few words and without personal data."""

    reason: str


def customer_address(contact: Contact, policy: Policy) -> Address | Unreachable:
    """Return the customer's preferred channel, else SMS, else email (policy), else the channel of the contact."""
    if contact.automatic and contact.channel == "email":
        return Unreachable("an automatic mail is not answered")  # R-NT-07
    usable = policy.notify.transports.get("customer", {})
    given = False
    for channel in _order(contact, policy):
        to, present = _on(channel, contact.phone, contact.email)
        given = given or present
        if to is not None and channel in usable:
            return Address(channel, to)
    return Unreachable("no valid address" if given else "no address is known")


def staff_address(person: Staff, policy: Policy) -> Address | Unreachable:
    """Return the first of the policy's staff channels on which the person has an address."""
    for channel in policy.notify.staff_channels:
        to, _present = _on(channel, person.phone, person.email)
        if to is not None:
            return Address(channel, to)
    return Unreachable("no valid address")


def _order(contact: Contact, policy: Policy) -> Iterator[str]:
    if contact.preferred:
        yield _ALIKE.get(contact.preferred, contact.preferred)
    yield from policy.notify.customer_channels
    yield _ALIKE.get(contact.channel, contact.channel)


def _on(channel: str, phone: str | None, email: str | None) -> tuple[str | None, bool]:
    """Return the address on `channel` if it is valid there, and whether there is any."""
    if channel == "sms":
        return _sms_number(phone or ""), bool(phone)
    if channel == "email":
        return _email(email or ""), bool(email)
    return None, False


def _sms_number(phone: str) -> str | None:
    """Return the number of a phone that receives SMS: a mainland mobile in 11 digits, or one abroad with its +."""
    digits = re.sub(r"[\s()-]", "", phone)
    if mobile := _MOBILE.fullmatch(digits):
        return mobile.group(1)
    return digits if _ABROAD.fullmatch(digits) else None


def _email(email: str) -> str | None:
    text = email.strip()
    return text if len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) and "\n" not in email.strip() else None
