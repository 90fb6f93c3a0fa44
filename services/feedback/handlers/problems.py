"""From a refusal of the rules to the problem that a command is answered with."""

from services.feedback.domain.refusal import Refusal
from shared.events import Fault, Problem, refuse


def problem_of(refusal: Refusal) -> Problem:
    """Return the problem details of `refusal`."""
    faults = (Fault(refusal.field, refusal.detail),) if refusal.field else ()
    return refuse(refusal.status, refusal.kind, refusal.title, refusal.detail, faults)


def unknown(what: str, field: str, value: str) -> Problem:
    """Return the problem of a command about something that does not exist."""
    detail = f"There is no {what} with the {field} {value[:64]}."
    kind = f"unknown-{what.replace(' ', '-')}"
    return refuse(404, kind, f"There is no such {what}", detail, (Fault(field, "names nothing here"),))
