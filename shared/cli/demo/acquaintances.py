"""What the staff of the rehearsed day know of customers and ask them for (R-IN-05, R-IN-07)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_ANONYMOUS: Final = "匿名客户"
_PHONES: Final = 13900000000
_OWN: Final = {
    "customer_name": "name",
    "contact_name": "name",
    "customer_phone": "phone",
    "contact_phone": "phone",
    "company": "company",
    "enterprise_name": "company",
}
"""Fields of a register that are the customer's own details."""
_ANSWERS: Final = {"name": "江一帆", "company": "宁川一帆贸易有限公司"}
_TOLD: Final = "已向客户核实"


class Acquaintances:
    """Remembers who came in; whoever is asked for something tells it, and it is invented here."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._asked = 0

    def meet(self, event: Mapping[str, Any]) -> None:
        """Take note of a registered contact."""
        personal, details = event["personal"], event["details"]
        told = {
            "name": None if personal["name"] == _ANONYMOUS else personal["name"],
            "phone": personal["phone"],
            "company": personal["company"],
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

    def ask(self, contact_id: str, missing: Sequence[str], *, verify: bool) -> dict[str, dict[str, str]]:
        """Return what the customer adds when asked for the `missing` fields; to `verify`, name and phone as well."""
        known = self._known.setdefault(contact_id, {})
        wanted = [*(_OWN[field] for field in missing if field in _OWN), *(("name", "phone") if verify else ())]
        self._asked += 1
        answers = {**_ANSWERS, "phone": str(_PHONES + self._asked)}
        customer = {key: answers[key] for key in wanted if key not in known}
        known |= customer
        added = {"customer": customer, "details": {field: _TOLD for field in missing if field not in _OWN}}
        return {name: values for name, values in added.items() if values}
