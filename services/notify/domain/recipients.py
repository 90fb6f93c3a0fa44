"""By which channel and to which address a recipient is reached (R-NT-01, R-NT-07)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.notify.domain.facts import Contact
from shared.policy import Policy, Staff

UNKNOWN = "no address is known"
INVALID = "no valid address"
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ABROAD = re.compile(r"\+(?!86)[1-9]\d{6,14}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_HANDLE = re.compile(r"[!-~]{1,128}")
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


def customer_addresses(contact: Contact, policy: Policy) -> tuple[Address, ...] | Unreachable:
    """Return where the customer is told, the first choice first: each the next one's fallback.

    The preferred channel, else SMS, else email (policy), else the channel of the contact.
    """
    if contact.automatic:
        return Unreachable("an automatic mail is not answered")  # R-NT-07
    usable = policy.notify.transports.get("customer", {})
    found: dict[str, Address] = {}
    given = False
    for channel in _order(contact, policy):
        text = _written(channel, contact)
        given = given or (bool(text) and channel in usable)
        to = canonical(channel, text or "")
        if to is not None and channel in usable:
            found.setdefault(channel, Address(channel, to))
    return tuple(found.values()) or Unreachable(INVALID if given else UNKNOWN)


def staff_addresses(person: Staff, policy: Policy) -> tuple[Address, ...] | Unreachable:
    """Return the person's addresses on the policy's staff channels, each the next one's fallback."""
    written = {"sms": person.phone, "email": person.email}
    found = [
        Address(channel, to)
        for channel in policy.notify.staff_channels
        if (to := canonical(channel, written.get(channel) or "")) is not None
    ]
    return tuple(found) or Unreachable(INVALID)


def canonical(channel: str, text: str) -> str | None:
    """Return the address in the one form that it has on `channel`; None where it is none."""
    match channel:
        case "sms":
            return _sms_number(text)
        case "email":
            return _email(text)
        case _:
            return text if _HANDLE.fullmatch(text) else None


def _order(contact: Contact, policy: Policy) -> Iterator[str]:
    if contact.preferred:
        yield _ALIKE.get(contact.preferred, contact.preferred)
    yield from policy.notify.customer_channels
    yield _ALIKE.get(contact.channel, contact.channel)


def _written(channel: str, contact: Contact) -> str | None:
    """Return what the customer gave for `channel`; a handle is one on the channel of the contact."""
    match channel:
        case "sms":
            return contact.phone
        case "email":
            return contact.email
        case _:
            return contact.handle if channel == contact.channel else None


def _sms_number(phone: str) -> str | None:
    """Return the number of a phone that receives SMS: a mainland mobile in 11 digits, or one abroad with its +."""
    digits = re.sub(r"[\s()-]", "", phone)
    if mobile := _MOBILE.fullmatch(digits):
        return mobile.group(1)
    return digits if _ABROAD.fullmatch(digits) else None


def _email(email: str) -> str | None:
    text = email.strip()
    return text if len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) and "\n" not in email.strip() else None
