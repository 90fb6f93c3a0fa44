"""What a work order has beside its row and its steps, in words: identity, register, links, tags, promises, help asked."""

from collections.abc import Mapping
from typing import Any

Row = tuple[str, str]


def aspects(beside: Mapping[str, Any]) -> list[Row]:
    """Return one line for each aspect that there is something to say of."""
    rows = [
        ("verification", _verification(beside.get("verification") or {})),
        ("register", _register(beside.get("register") or {})),
        ("customer's tags", ", ".join(beside.get("customer_tags") or ())),
    ]
    rows += [("linked with", _link(link)) for link in beside.get("links") or ()]
    rows += [
        ("promised", f"{one['promised_at']} by {one['by']}: {one['text']}") for one in beside.get("promises") or ()
    ]
    rows += [("asked for", _collaboration(one)) for one in beside.get("collaborations") or ()]
    return [(name, said) for name, said in rows if said]


def _verification(told: Mapping[str, Any]) -> str:
    if told.get("verified"):
        return f"the customer was verified by {told['identifier']}, {told['by']} at {told['at']}"
    if told.get("required"):
        return f"needed before a result ({', '.join(told['reasons'])}), not done yet"
    return "not needed"


def _register(told: Mapping[str, Any]) -> str:
    if told.get("complete"):
        return "complete"
    missing = (f"{one['field']} {one['zh']}" if "zh" in one else one["field"] for one in told.get("missing") or ())
    named = ", ".join(missing)
    return f"lacks {named}" if named else ""


def _link(told: Mapping[str, Any]) -> str:
    return f"{told['number']} ({told['category']}, {told['department']}, {told['status']})"


def _collaboration(told: Mapping[str, Any]) -> str:
    return f"{told['deliverable']} from {told['with_department']} by {told['due_at']}: {told.get('state', 'asked')}"
