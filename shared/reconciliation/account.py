"""The answer of a service that was asked for its books."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Standing(BaseModel):
    """How far a service has come on its stream, and for how long it has had something to publish."""

    model_config = ConfigDict(frozen=True)

    published: int
    """The last sequence of its stream; read before `applied`."""
    applied: int
    """All that it was ever to get up to this sequence has been applied."""
    waiting: int
    """What it has still to get or to acknowledge."""
    unsent_seconds: float
    """The age of the oldest event that it has written and perhaps not published; 0 without any."""

    def applied_up_to(self, sequence: int) -> bool:
        """Return whether everything that was published up to `sequence` has had its effect here."""
        return self.waiting == 0 or self.applied >= sequence


class Account(BaseModel):
    """Which of the ids asked for a service has, and where the others are."""

    model_config = ConfigDict(frozen=True)

    found: Mapping[str, tuple[str, int]] = {}
    """For contacts: the work order of each, and its version."""
    missing: tuple[str, ...] = ()
    """Neither in the tables nor in the dead letters."""
    letters: tuple[str, ...] = ()
    """Not in the tables, but in the dead letters, where an operator sees them."""
    standing: Standing
