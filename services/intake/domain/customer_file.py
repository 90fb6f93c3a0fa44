"""What is known of a customer; it grows with every contact and is never overwritten by one."""

from dataclasses import dataclass, fields, replace
from typing import Final

from shared.events import Customer

ANONYMOUS: Final = "匿名客户"
"""The name of a customer who gave none (R-IN-04); in a file such a name is None, so that it can be completed."""


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """The details that a customer volunteered; None where nothing is known yet."""

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

    def completed(self, by: "CustomerFile") -> "CustomerFile":
        """Return the file with its empty fields filled from `by` (R-IN-04); what is known stays as it is."""
        return replace(self, **{name: getattr(by, name) for name in FIELDS if getattr(self, name) is None})


FIELDS: Final = tuple(field.name for field in fields(CustomerFile))


def file_of(customer: Customer) -> CustomerFile:
    """Return what a contact tells of its customer: blanks and the name of the anonymous are nothing known."""
    told = {name: (getattr(customer, name) or "").strip() or None for name in FIELDS}
    if told["name"] == ANONYMOUS:
        told["name"] = None
    return CustomerFile(**told)
