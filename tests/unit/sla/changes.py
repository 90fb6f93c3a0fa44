"""Policies that differ from the packaged one in what a test changes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from shared.policy import Policy, load_policy

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def changed(changes: Mapping[str, Any], policy: Policy | None = None) -> Policy:
    """Return the policy (the packaged one) with `changes`, by dotted path, in its plain content."""
    plain: dict[str, Any] = deepcopy((policy or load_policy(None)).plain)
    for path, value in changes.items():
        *parts, last = path.split(".")
        place = plain
        for part in parts:
            place = place[part]
        place[last] = value
    return Policy.model_validate(plain)


def calendar(*hours: str, days: str = "mon tue wed thu fri", **more: Any) -> dict[str, Any]:
    """Return an office calendar as a policy file has it; by default it follows no holidays."""
    return {"hours": {day: list(hours) if day in days.split() else [] for day in _WEEK}, **more}
