"""Refusals of the rules as the problems that commands are answered with (contract, "Commands")."""

from services.routing.domain.workorder import Refusal
from shared.events import Fault, Problem, refuse


def problem_of(refusal: Refusal) -> Problem:
    """Return the problem details of `refusal`."""
    faults = (Fault(refusal.field, refusal.detail),) if refusal.field else ()
    return refuse(refusal.status, refusal.kind, refusal.title, refusal.detail, faults)
