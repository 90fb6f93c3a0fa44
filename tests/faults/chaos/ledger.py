"""What this side of the contract knows for certain: what was published and acknowledged, what was asked and answered."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Asked:
    """One command: what it was, how often it was asked, and every different answer to it that settled it."""

    name: str
    work_order_id: str
    text: str
    attempts: int = 0
    replies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether it was acknowledged."""
        return bool(self.replies) and bool(self.replies[0]["ok"])

    @property
    def refusal(self) -> str:
        """Why it was refused, empty where it was not."""
        return "" if self.done or not self.replies else f"{self.name}: {self.replies[0]['error']['title']}"


@dataclass(slots=True)
class Ledger:
    """The judge's own book."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    """By source id of a contact, how many of its deliveries the server has acknowledged."""
    commands: dict[str, Asked] = field(default_factory=dict)
    """By command id."""

    def ask(self, command_id: str, name: str, work_order_id: str, text: str) -> Asked:
        """Note that a command is asked for the first time."""
        asked = self.commands[command_id] = Asked(name, work_order_id, text)
        return asked

    def answered(self, command_id: str, reply: dict[str, Any]) -> None:
        """Note an answer; the same one again changes nothing."""
        asked = self.commands[command_id]
        if reply not in asked.replies:
            asked.replies.append(reply)
