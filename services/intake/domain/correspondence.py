"""Who writes more mails than a person does is taken for a machine, and is not answered by one (R-NT-07, ADR 0040)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from services.intake.domain.preferences import is_automatic
from services.intake.domain.registration import Registration
from shared.values import replace

TOO_MANY: Final = "too-many"
"""The mark that such a contact gets, among its details."""


def is_letter(registration: Registration) -> bool:
    """Return whether the contact is one message among others, which another machine could be writing."""
    return registration.contact.thread is not None


def marked(
    letters: Sequence[tuple[Registration, str]], earlier: Mapping[str, int], most: int
) -> list[tuple[Registration, str]]:
    """Return contacts with their customers; each letter beyond the `most` is marked as written by a machine.

    `earlier` is how many each customer has written within the time. A loop of two machines ends with the one that falls
    silent: the letter is recorded and read by people all the same.
    """
    counts = Counter(earlier)
    found = []
    for registration, customer in letters:
        one = registration
        if is_letter(one):
            counts[customer] += 1
            if counts[customer] > most and not is_automatic(one.details.get("auto_submitted")):
                one = replace(one, details={**one.details, "auto_submitted": TOO_MANY})
        found.append((one, customer))
    return found
