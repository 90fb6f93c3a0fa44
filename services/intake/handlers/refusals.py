"""Why intake refuses a command: plain sentences that name details and never tell their values."""

from collections.abc import Iterable, Mapping

from shared.events import Fault, Problem, refuse


def stranger(staff_id: str) -> Problem:
    """Refuse whoever is not in the directory of staff."""
    return refuse(
        403,
        "not-staff",
        "Only members of staff may do this",
        f"{staff_id[:64]} is not in the staff directory.",
        (Fault("by", "names no member of staff"),),
    )


def unstorable(field: str) -> Problem:
    """Refuse a text with a zero character, which PostgreSQL cannot keep."""
    fault = Fault(field, "holds a character that cannot be stored")
    return refuse(422, "invalid-content", "The command's content cannot be used", f"{field}: {fault.message}", (fault,))


def unknown_contact(contact_id: str) -> Problem:
    """Refuse a contact that is not recorded."""
    return refuse(
        404,
        "unknown-contact",
        "There is no such contact",
        f"There is no contact with the contact_id {contact_id[:64]}.",
        (Fault("contact_id", "names no contact"),),
    )


def conflicting(places: Iterable[str]) -> Problem:
    """Refuse to overwrite what is known (R-IN-04)."""
    faults = tuple(Fault(place, "is known, and differs") for place in places)
    return refuse(
        409,
        "conflicting-details",
        "Something else is known already",
        f"Known otherwise: {_named(faults)}. Leave it out, or repeat the command with `correct` if what is known is wrong.",
        faults,
    )


def known_of_another(owners: Mapping[str, str]) -> Problem:
    """Refuse an identifier of another customer: `owners` are the customers by the name of the detail (R-IN-06)."""
    faults = tuple(Fault(f"customer.{name}", f"belongs to customer {owner}") for name, owner in owners.items())
    return refuse(
        409,
        "known-of-another-customer",
        "Another customer is known by this",
        f"Another customer is known by: {_named(faults)}. Check it, or repeat the command with `shared` if both use it: "
        "they stay two customers.",
        faults,
    )


def not_volunteered(names: Iterable[str]) -> Problem:
    """Refuse details none of which the customer volunteered (R-IN-03)."""
    faults = tuple(Fault(name, "was not volunteered by the customer") for name in names)
    return refuse(
        422,
        "not-volunteered",
        "Only what the customer volunteered is stored",
        f"Not volunteered, and dropped: {_named(faults)}.",
        faults,
    )


def _named(faults: Iterable[Fault]) -> str:
    return ", ".join(fault.field for fault in faults)
