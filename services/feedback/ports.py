"""What feedback takes from outside its rules."""

from typing import Protocol


class ScriptSource(Protocol):
    """Where the texts of callback scripts come from."""

    def text(self, language: str, script: str) -> str:
        """Return the script in `language` (`zh` or `en`) with its `{places}`; KeyError where there is none."""
