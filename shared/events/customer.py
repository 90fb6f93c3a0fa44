"""The customer as a contact tells of them: details with their provenance, and preferences (R-IN-03, R-IN-11)."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

UNREADABLE: Final = "unreadable"
"""The provenance of a detail whose marking is not a text: nobody can say that it was volunteered."""
EVERY: Final = "*"
"""In `provenance`, the marking of every detail that has none of its own."""
_WRITTEN_AS_NUMBERS: Final = frozenset({"phone", "member_no", "name", "company"})
_MARKED: Final = frozenset({"value", "provenance"})


class Preferences(BaseModel):
    """How the customer wants to be treated; None where they did not say (R-NT-01, R-IN-11)."""

    model_config = ConfigDict(frozen=True)

    channel: str | None = Field(default=None, description="by which the customer wants to be told")
    elderly: bool | None = None
    plain_language: bool | None = None

    @field_validator("channel", mode="before")
    @classmethod
    def _a_name(cls, value: Any) -> Any:
        return value.strip().lower() or None if isinstance(value, str) else None

    @field_validator("elderly", "plain_language", mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> Any:
        return yes_or_no(value)


class Customer(BaseModel):
    """The customer as the channel knows them; every detail may be missing (R-IN-04).

    A detail may be written `{"value": …, "provenance": …}`, or be marked in `provenance` under its name (`*`, or a text
    in place of the object, marks them all). One that is not marked was volunteered (R-IN-03).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str | None = None
    honorific: str | None = None
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    address: str | None = None
    type: str | None = None
    tier: str | None = None
    industry: str | None = None
    member_no: str | None = None
    preferences: Preferences = Preferences()
    provenance: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _markings_apart(cls, data: Any) -> Any:
        """Put what marks a single detail into `provenance`; whatever is written there can be read afterwards."""
        if not isinstance(data, Mapping):
            return data
        marks = markings(data.get("provenance"))
        details: dict[str, Any] = {}
        for name, value in data.items():
            plain = value
            if is_marked(value):
                marks |= markings({name: value["provenance"]})
                plain = value["value"]
            number = name in _WRITTEN_AS_NUMBERS and isinstance(plain, int) and not isinstance(plain, bool)
            details[name] = str(plain) if number else plain
        wishes = data.get("preferences")
        details["preferences"] = wishes if isinstance(wishes, Mapping | Preferences) else {}
        return details | {"provenance": marks}


def is_marked(value: Any) -> bool:
    """Return whether `value` is a detail with its provenance beside it."""
    return not isinstance(value, str | None) and isinstance(value, Mapping) and value.keys() >= _MARKED


def yes_or_no(value: Any) -> bool | None:
    """Return what a form means by `value`: a boolean, 0 or 1, or a word; None where it says neither yes nor no."""
    if isinstance(value, str):
        return {
            "true": True,
            "yes": True,
            "是": True,
            "1": True,
            "false": False,
            "no": False,
            "否": False,
            "0": False,
        }.get(value.strip().lower())
    return bool(value) if isinstance(value, bool) or (isinstance(value, int) and value in {0, 1}) else None


def markings(written: Any) -> dict[str, str]:
    """Return each marking in a `provenance` by the name of its detail; a blank one is none."""
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        written = {EVERY: written}
    marks = {
        str(name): mark.strip() if isinstance(mark, str) else UNREADABLE
        for name, mark in written.items()
        if mark is not None
    }
    return {name: mark for name, mark in marks.items() if mark}
