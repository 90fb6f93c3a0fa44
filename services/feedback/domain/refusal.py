"""Why a command of this service changes nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused command: an HTTP status, a kind for machines, one sentence for people, and the field at fault."""

    status: int
    kind: str
    title: str
    detail: str
    field: str | None = None


def not_staff(by: str) -> Refusal:
    """Return the refusal of a command whose `by` is nobody in the staff directory."""
    return Refusal(403, "not-staff", "Only staff may give commands", f"{by[:64]} is not in the staff directory.", "by")


def forbidden(detail: str) -> Refusal:
    """Return the refusal of a command that is somebody else's to give (R-RT-07)."""
    return Refusal(403, "not-allowed", "This step is for somebody else", detail, "by")


def conflict(detail: str) -> Refusal:
    """Return the refusal of a command that does not fit the present state."""
    return Refusal(409, "illegal-step", "This step is not possible now", detail)


def invalid(field: str, detail: str) -> Refusal:
    """Return the refusal of a command whose `field` cannot be used."""
    return Refusal(422, "invalid-content", "The command's content cannot be used", detail, field)
