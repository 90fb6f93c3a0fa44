"""Who may ask notify for something: staff, and transports for what their provider tells (R-NT-05, R-NT-07)."""

from shared.events import Fault, Problem, refuse
from shared.events.commands import Command
from shared.policy import Policy

FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 403, 404, 409, 422
TRANSPORT = "transport:"


def stranger(command: Command, policy: Policy) -> Problem | None:
    """Return the refusal for whoever is not in the staff directory."""
    if policy.staff(command.by) is not None:
        return None
    fault = Fault("by", "is not in the staff directory")
    return refuse(FORBIDDEN, "not-staff", "Only members of staff may do this", "Use a staff id as `by`.", (fault,))


def neither_staff_nor_transport(command: Command, policy: Policy) -> Problem | None:
    """Return the refusal for whoever is neither staff nor the account of a transport that the policy names."""
    if policy.staff(command.by) is not None or transport_of(command) in _transports(policy):
        return None
    fault = Fault("by", "is neither in the staff directory nor a transport of the policy")
    detail = "Use a staff id or `transport:<name>` as `by`."
    return refuse(FORBIDDEN, "not-staff", "Only staff and transports may do this", detail, (fault,))


def transport_of(command: Command) -> str | None:
    """Return the name of the transport whose account the command is from, if it is from one."""
    return command.by.removeprefix(TRANSPORT) if command.by.startswith(TRANSPORT) else None


def unknown_notification(field: str = "notification_id") -> Problem:
    """Return the refusal of a command on a notification that does not exist."""
    detail = "Ask notification.list for those that exist."
    fault = Fault(field, "names no notification")
    return refuse(NOT_FOUND, "no-such-notification", "There is no such notification", detail, (fault,))


def _transports(policy: Policy) -> set[str]:
    return {name for audience in policy.notify.transports.values() for chain in audience.values() for name in chain}
