"""Commands on contacts, answered by intake (R-IN-02 to R-IN-04, R-IN-07, R-IN-10)."""

from datetime import date
from typing import Any, ClassVar

from pydantic import Field

from shared.events.commands.base import Command


class CompleteContact(Command):
    """Add what the register of a contact still lacks: the customer's details, the fields of the category.

    What is known already stays, and the command is refused, unless `correct` says that it was wrong. A number or
    address by which another customer is known is refused, unless `shared` says that both use it.
    """

    SUBJECT: ClassVar[str] = "yingda.command.contact.complete"

    contact_id: str = Field(min_length=1)
    customer: dict[str, Any] = Field(default_factory=dict)
    details: dict[str, Any] = Field(default_factory=dict)
    correct: bool = Field(default=False, description="replace what is known: it was wrong")
    shared: bool = Field(
        default=False, description="another customer is known by the same number or address, and stays"
    )


class GetContact(Command):
    """Read one contact as it is recorded: what was told, by whom it was completed, where each detail comes from."""

    SUBJECT: ClassVar[str] = "yingda.command.contact.get"

    contact_id: str = Field(min_length=1)


class CountCalls(Command):
    """Count the calls of a range of local days, and the limits they exceeded, per agent (R-IN-10)."""

    SUBJECT: ClassVar[str] = "yingda.command.contact.calls"

    first_day: date
    last_day: date
    agent_id: str | None = None
