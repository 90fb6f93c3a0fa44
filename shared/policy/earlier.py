"""A policy that was in force earlier, brought back from its plain content (R-SLA-12), with the holidays known today (R-SLA-13)."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from shared.policy.schema import Policy

_SECTIONS: Final = ("intake", "routing", "sla", "notify", "feedback")


def earlier_policy(plain: Mapping[str, Any], current: Policy) -> Policy | None:
    """Return the policy whose `plain` content was kept, None where this version of the suite cannot read it any more.

    Sets of holidays are data, not policy: those that `current` has too are taken from there. A figure that did not
    exist yet when `plain` was kept is the present one.
    """
    today = current.plain
    kept = dict(plain)
    known = _mapping(today["holidays"])
    kept["holidays"] = {name: known.get(name, days) for name, days in _mapping(plain.get("holidays")).items()}
    kept["plugins"] = today["plugins"]  # what is installed is a matter of today
    for section in _SECTIONS:
        kept[section] = {**_mapping(today[section]), **_mapping(plain.get(section))}
    try:
        return Policy.model_validate(kept)
    except ValidationError:
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
