"""Commands on scripts, answered by feedback (R-FB-07)."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command

ScriptName = Literal[
    "opening",
    "hold",
    "closing",
    "return_call",
    "product_project",
    "platform_ad",
    "complaint_after_sales",
    "care",
    "supervisor_contact",
]
"""What an agent says on the telephone; the last five are callbacks that ask how satisfied the customer is (R-FB-01)."""


class GetScript(Command):
    """Get a script for the agent's screen, in the words for this customer and day (R-FB-07, R-IN-11).

    The customer is that of the work order, else the one given by name and honorific, else nobody known. The language
    is the one asked for, else the customer's, else the house's.
    """

    SUBJECT: ClassVar[str] = "yingda.command.script.get"

    script: ScriptName
    work_order_id: str | None = None
    name: str | None = Field(default=None, max_length=100)
    honorific: str | None = Field(default=None, max_length=20)
    language: Literal["zh", "en"] | None = None
