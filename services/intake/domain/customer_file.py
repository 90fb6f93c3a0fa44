"""What is known of a customer; it grows with every contact, and no contact overwrites a detail of it."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Final

from services.intake.domain.preferences import NO_WISHES, renewed
from services.intake.domain.tiers import higher, tier_of
from shared.events import Customer, Preferences
from shared.values import frozen, replace

ANONYMOUS: Final = "匿名客户"
"""The name of a customer who gave none (R-IN-04); in a file such a name is None, so that it can be completed."""


@frozen
class CustomerFile:
    """The details that a customer volunteered, None where nothing is known yet, and what they prefer."""

    name: str | None = None
    honorific: str | None = None
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    address: str | None = None
    type: str | None = None
    tier: str | None = None
    industry: str | None = None
    member_no: str | None = None
    preferences: Preferences = NO_WISHES

    def completed(self, by: "CustomerFile") -> "CustomerFile":
        """Return the file with its empty details filled from `by` (R-IN-04); what is known stays as it is."""
        missing = {
            name: known for name in FIELDS if getattr(self, name) is None and (known := getattr(by, name)) is not None
        }
        return replace(self, **missing) if missing else self

    def grown(self, told: "CustomerFile", tiers: Sequence[str]) -> "CustomerFile":
        """Return the file after a contact that `told` this: empty details filled, tier raised, preferences renewed."""
        return replace(
            self.completed(told),
            tier=higher(self.tier, told.tier, tiers),
            preferences=renewed(self.preferences, told.preferences),
        )

    def learned(self, since: "CustomerFile") -> tuple[str, ...]:
        """Return the names of the details that this file holds and the one `since` did not, or not so."""
        return tuple(name for name in FIELDS if getattr(self, name) != getattr(since, name))


FIELDS: Final = tuple(field.name for field in fields(CustomerFile) if field.name != "preferences")


def file_of(customer: Customer, tiers: Sequence[str] = (), preferences: Preferences | None = None) -> CustomerFile:
    """Return what a contact tells of its customer: blanks and the name of the anonymous are nothing known."""
    told = {name: (getattr(customer, name) or "").strip() or None for name in FIELDS}
    if told["name"] == ANONYMOUS:
        told["name"] = None
    told["tier"] = tier_of(told["tier"], tiers)
    return CustomerFile(**told, preferences=preferences or customer.preferences)
