"""Commands on contacts, answered by intake (R-IN-04, R-IN-07)."""

from typing import Any, ClassVar

from pydantic import Field

from shared.events.commands.base import Command


class CompleteContact(Command):
    """Add what the register of a contact still lacks: the customer's details, the fields of the category."""

    SUBJECT: ClassVar[str] = "yingda.command.contact.complete"

    contact_id: str = Field(min_length=1)
    customer: dict[str, Any] = Field(default_factory=dict)
    details: dict[str, Any] = Field(default_factory=dict)
