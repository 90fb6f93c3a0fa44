"""Everything that the doctor can find, in the order in which it should be dealt with."""

from typing import Final

from shared.doctor import bus, business, machine, postgresql, prepared, running, standing
from shared.doctor.finding import Check

SETTINGS_INVALID: Final = Check(
    "settings-invalid", "a variable of the environment is wrong", "Mend the variable that is named; see the README."
)
SERVICE_BROKEN: Final = Check(
    "service-broken", "an installed service does not load", "Install it anew; the sentence says what is missing."
)

CHECKS: Final[tuple[Check, ...]] = (
    SETTINGS_INVALID,
    SERVICE_BROKEN,
    *business.CHECKS,
    *machine.CHECKS,
    *postgresql.CHECKS,
    *bus.CHECKS,
    *prepared.CHECKS,
    *running.CHECKS,
    *standing.CHECKS,
)
