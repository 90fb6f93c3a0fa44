"""The personal data that an event tells; no other events, no logs and no metrics may hold any of it."""

from services.intake.domain.customer_file import ANONYMOUS, CustomerFile
from shared.events import Personal


def personal(who: CustomerFile, text: str) -> Personal:
    """Return what is told of a customer; one without a name is told as the anonymous one (R-IN-04)."""
    return Personal(
        name=who.name or ANONYMOUS,
        honorific=who.honorific,
        phone=who.phone,
        email=who.email,
        company=who.company,
        address=who.address,
        text=text,
    )
