"""What the staff of the rehearsed day ask customers before a sensitive request is done (R-IN-05)."""

from collections.abc import Mapping
from typing import Any, Final

_ANONYMOUS: Final = "匿名客户"
_PHONES: Final = 13900000000


class Acquaintances:
    """Remembers who came in; whoever told no name or no identifier is asked for both, and invents them."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._asked = 0

    def meet(self, event: Mapping[str, Any]) -> None:
        """Take note of a registered contact."""
        personal, details = event["personal"], event["details"]
        told = {
            "name": None if personal["name"] == _ANONYMOUS else personal["name"],
            "phone": personal["phone"],
            "order_no": details.get("order_no"),
            "member_no": event["member_no"],
        }
        self._known[event["contact_id"]] = {key: str(value) for key, value in told.items() if value}

    def answers(self, contact_id: str) -> dict[str, str] | None:
        """Return the customer's name and one identifier; None where one of them is not known."""
        known = self._known.get(contact_id, {})
        identifier = next((key for key in ("phone", "order_no", "member_no") if key in known), None)
        if "name" not in known or identifier is None:
            return None
        return {"name": known["name"], identifier: known[identifier]}

    def ask(self, contact_id: str) -> dict[str, str]:
        """Return what the customer adds when asked: what was missing of name and phone."""
        known = self._known.setdefault(contact_id, {})
        self._asked += 1
        added = {"name": "江一帆", "phone": str(_PHONES + self._asked)}
        added = {key: value for key, value in added.items() if key not in known}
        known |= added
        return added
