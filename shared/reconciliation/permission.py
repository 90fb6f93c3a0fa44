"""Who may ask for the books: staff, and the services themselves."""

from typing import Final

from shared.events import Fault, Problem, refuse
from shared.policy import Policy

SYSTEM: Final = "system"
"""Who asks where no person does."""


def stranger(by: str, policy: Policy) -> Problem | None:
    """Refuse whoever is neither a member of staff nor the house itself."""
    if by == SYSTEM or policy.staff(by) is not None:
        return None
    detail = f"{by[:64]} is not in the staff directory."
    return refuse(403, "not-staff", "Only staff may ask for this", detail, (Fault("by", "names no member of staff"),))
