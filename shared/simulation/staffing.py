"""How many people a simulation gives to each department: as many as the work needs at a given load."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.events import ContactRegistered
from shared.policy import Policy
from shared.simulation.effort import effort_of
from shared.simulation.ports import desk_of

_LOOKED_AT: Final = 2_000
"""Contacts that are looked at, evenly spaced, to tell how the work spreads."""


def agents_needed(
    contacts: Sequence[ContactRegistered], policy: Policy, seed: int, load: float, data: Path = Path()
) -> dict[str, int]:
    """Return agents per department such that `load` of their office time is work under `policy`; at least one each."""
    desk, service = desk_of(policy, data), policy.service.id
    seconds: dict[str, float] = defaultdict(float)
    step = max(1, len(contacts) // _LOOKED_AT)
    for number in range(0, len(contacts), step):
        contact, effort = contacts[number], effort_of(seed, number + 1)
        opened = desk.open(contact, number + 1)
        desk.forget(opened.work_order_id)
        owner = policy.department_for(opened.category, opened.topic)
        confirmation = effort.confirm if policy.category(opened.category).confirmation else 0
        seconds[owner] += step * effort.of_department
        seconds[service] += step * (effort.call + confirmation + (effort.triage if opened.queue == "triage" else 0))
    first, last = contacts[0].registered_at, contacts[-1].registered_at
    return {
        name: max(1, math.ceil(seconds[name] / (load * _office_seconds(name, policy, first, last))))
        for name in policy.departments
    }


def agents_listed(policy: Policy) -> dict[str, int]:
    """Return the agents per department that the policy's staff directory lists; at least one each."""
    return {name: max(1, sum(one.role == "agent" for one in policy.members(name))) for name in policy.departments}


def of_either(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, int]:
    """Return the people of the old policy, and those of departments that only the new one has."""
    return {**new, **old}


def _office_seconds(department: str, policy: Policy, first: datetime, last: datetime) -> float:
    """Return the department's office time from the first contact to the last, and an hour of it at least."""
    return max(policy.calendar_of(department).used(first, last).total_seconds(), 3600.0)
