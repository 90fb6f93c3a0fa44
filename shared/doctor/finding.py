"""What the doctor can find, and what it has found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be wrong: its name for scripts, what it is about, and what to do."""

    name: str
    about: str
    todo: str
    is_fault: bool = True
    """Whether something is to be done now; else it is a warning."""

    def found(self, sentence: str) -> "Finding":
        """Return that this is wrong, in one plain sentence."""
        return Finding(self, " ".join(sentence.split()))


@dataclass(frozen=True, slots=True)
class Finding:
    """One plain sentence about something that is wrong."""

    check: Check
    sentence: str

    @property
    def is_fault(self) -> bool:
        """Whether something is to be done now."""
        return self.check.is_fault
