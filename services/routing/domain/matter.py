"""What a customer contact says, as far as understanding it needs: the value every rule of routing reads."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Final

from services.routing.domain.script import plain
from shared.values import frozen

TOLD_IN: Final = (
    "subject", "problem", "description", "reason", "demand", "what", "background", "complaint", "remark", "note",
)  # fmt: skip
"""Details in which a form keeps what the customer said; the others name things, and a name says nothing of a matter."""


@frozen
class Matter:
    """One contact's text with the structured fields its channel supplied; empty fields are None.

    `details` are the contact's own (`product_name`, `order_no`, `project_name`, `employee` …), as registered.
    """

    text: str
    details: Mapping[str, str] = field(default_factory=dict)
    channel: str = "web"
    customer_name: str | None = None
    customer_phone: str | None = None
    company: str | None = None
    customer_type: str | None = None
    tier: str | None = None
    member_no: str | None = None
    honorific: str | None = None

    @property
    def plain(self) -> str:
        """The text in half-width and simplified characters, of bounded length: what the patterns of the rules read."""
        return plain(self.text)


def plain_details(details: Mapping[str, Any]) -> dict[str, str]:
    """Return the details that a rule can read: words and figures; what is empty or nested says nothing to it."""
    return {
        str(key): str(value).strip()
        for key, value in details.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip()
    }


def narrated(matter: Matter) -> Matter:
    """Return the matter with all that was said in its text: agents write reason and demand into fields of their own."""
    said = [matter.details[name] for name in TOLD_IN if matter.details.get(name)]
    return replace(matter, text="\n".join((matter.text, *said))) if said else matter
