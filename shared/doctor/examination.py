"""One examination of the whole house."""

from shared.doctor.bus import bus, look_at_bus
from shared.doctor.business import look_at_business
from shared.doctor.finding import Finding
from shared.doctor.house import House, Look
from shared.doctor.machine import look_at_machine
from shared.doctor.postgresql import look_at_postgresql, postgresql
from shared.doctor.prepared import look_at_schemas, look_at_streams
from shared.doctor.running import look_at_suite
from shared.doctor.standing import look_at_backlogs, look_at_tables

LOOKS: tuple[Look, ...] = (
    look_at_business,
    look_at_machine,
    look_at_postgresql,
    look_at_bus,
    look_at_schemas,
    look_at_streams,
    look_at_suite,
    look_at_backlogs,
    look_at_tables,
)


async def examine(house: House) -> list[Finding]:
    """Return everything that is wrong, in the order in which it should be dealt with; nothing is changed."""
    found: list[Finding] = []
    async with postgresql(house, found), bus(house, found):
        for look in LOOKS:
            found += [finding async for finding in look(house)]
    return found
