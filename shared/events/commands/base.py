"""What every command has in common, and the problem that a refused one is answered with (contract, "Commands")."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.events.envelope import Fault

COMMAND_SUBJECTS: dict[str, type["Command"]] = {}
"""Every command of the suite by its subject; filled as the models are defined."""


class Command(BaseModel):
    """One request. `command_id` makes it safe to repeat; `by` is the id of the member of staff who asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    SUBJECT: ClassVar[str] = ""
    KEPT: ClassVar[bool] = True
    """Whether its reply is kept, so that a repetition is answered with the same."""

    command_id: str = Field(min_length=1, max_length=200)
    by: str = Field(min_length=1, max_length=200)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register a concrete command under its subject."""
        if cls.SUBJECT:
            COMMAND_SUBJECTS[cls.SUBJECT] = cls


class Problem(BaseModel):
    """Why a command was refused: RFC 9457 problem details; nothing has changed."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[dict[str, str], ...] = ()


def refuse(status: int, kind: str, title: str, detail: str, faults: tuple[Fault, ...] = ()) -> Problem:
    """Return the problem that a refused command is answered with; `kind` completes `urn:yingda:problem:`."""
    return Problem(
        type=f"urn:yingda:problem:{kind}",
        title=title,
        status=status,
        detail=detail,
        errors=tuple(fault.to_json() for fault in faults),
    )
