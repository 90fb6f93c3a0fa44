"""The values of a template, by the names that it may use (R-NT-03)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.notify.domain.facts import Contact
from services.notify.domain.plain import plain
from services.notify.domain.telling import Telling
from services.notify.domain.values import MAKERS
from shared.events import Purpose
from shared.policy import Policy

VALUES = (
    "agent",
    "automatic",
    "breaches",
    "by_phone",
    "category",
    "comment",
    "complaint",
    "confirm",
    "count",
    "cutoff",
    "cycle",
    "declined",
    "deliverable",
    "department",
    "due",
    "emergency",
    "expected",
    "expires",
    "festive",
    "from_department",
    "grade",
    "greeting",
    "into_number",
    "items",
    "kind",
    "marks",
    "metric",
    "missing",
    "number",
    "numbers",
    "outcome",
    "outcome_name",
    "percent",
    "period",
    "problem",
    "provisional",
    "purpose",
    "reason",
    "reopen",
    "reopened",
    "reply",
    "report",
    "result",
    "satisfaction",
    "score",
    "second_contact",
    "sender",
    "sms",
    "solved",
    "staff_name",
    "step",
    "urgent",
    "uri",
    "warnings",
)
"""Every name that a template may use; one that a notice does not have is None."""
_NAMES = frozenset(VALUES)


class Words(Mapping[str, Any]):
    """The values of a template by the names of `VALUES`; each is made when it is asked for, since no template wants all."""

    __slots__ = ("_made", "_telling")

    def __init__(self, telling: Telling, given: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Take the values that are `given` besides what follows from `telling`."""
        self._telling = telling
        self._made = dict(given)

    def __getitem__(self, name: str) -> Any:
        made = self._made
        if name in made:
            return made[name]
        if name not in _NAMES:
            raise KeyError(name)
        make = MAKERS.get(name)
        value = made[name] = make(self._telling) if make else self._telling.values.get(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(VALUES)

    def __len__(self) -> int:
        return len(VALUES)

    def with_items(self, items: "Sequence[Words]") -> "Words":
        """Return the values of the digest of `items`, to the same reader."""
        counted = {
            "items": items,
            "count": len(items),
            "breaches": sum(item["purpose"] == "breach" for item in items),
            "warnings": sum(item["purpose"] == "warning" for item in items),
        }
        return Words(self._telling, counted)


def template_values(
    values: Mapping[str, Any],
    *,
    purpose: Purpose,
    language: str,
    channel: str,
    now: datetime,
    policy: Policy,
    contact: Contact | None = None,
    staff_name: str | None = None,
) -> Words:
    """Return the template's values for a notice to `contact` or to the member of staff `staff_name`."""
    return Words(Telling(values, purpose, language, channel, now, policy, contact, staff_name))


def written_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Return those of the template's values that are words or numbers, each in one line without hidden characters."""
    told = {key: value for key, value in values.items() if isinstance(value, str | int | float)}
    return {key: plain(str(value)) for key, value in told.items() if not isinstance(value, bool) and value != ""}
