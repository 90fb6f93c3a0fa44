"""Templates of an SMS vendor: which one a message takes, and what stands in its parameters.

The vendor keeps the words, approved beforehand; what is sent are values. A value is one that the message was made of, or
a part of the message: it is put in as it is, and nothing in it is ever read as a template (R-NT-03).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from services.notify.plugins.parts import PARTS, part_of
from services.notify.ports import VALUES, Outbound
from shared.events import Purpose
from shared.plugins import Config

T = TypeVar("T")

Language = Literal["zh", "en"]
Use = Purpose | Literal["digest", "default"]
"""What a template is for; `digest` for a burst of alerts in one, `default` for every purpose that has none of its own."""
ByUse = Mapping[Use, Mapping[Language, T]]
"""Templates by purpose and language."""

URI_END: Final = "uri_end"
"""What follows the last slash of `uri`: vendors want the rest of an address in the template."""
SOURCES: Final = frozenset({*VALUES, *PARTS, URI_END})
LONGEST: Final = 35
"""Characters of a parameter, as Aliyun has it unless more was agreed."""


class Parameter(Config):
    """Where the value of a parameter comes from; a bare word stands for `{value: word}`."""

    value: str | None = None
    """The name of a value."""
    instead: str = Field(default="-", min_length=1, max_length=100)
    """What stands there where there is no such value; without `value`, always."""
    longest: int = Field(default=LONGEST, ge=1, le=1000)
    """Characters at most; a longer value ends with an ellipsis."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, str) else given

    @field_validator("value")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in SOURCES:
            raise ValueError(f"no message has a value {value}; there are: {', '.join(sorted(SOURCES))}")
        return value

    def of(self, out: Outbound) -> str:
        """Return what stands in the parameter of this message; never empty, since vendors refuse that."""
        text = value_of(self.value, out) if self.value else ""
        return text[: self.longest - 1] + "…" if len(text) > self.longest else text or self.instead


def value_of(name: str, out: Outbound) -> str:
    """Return the value `name` of a message, in one line; empty where it has none."""
    if name == URI_END:
        return out.values.get("uri", "").rpartition("/")[2]
    part = part_of(name, out)
    return " ".join((out.values.get(name, "") if part is None else part).split())


def language_of(out: Outbound) -> Language:
    """Return the language that the message is written in."""
    return "zh" if out.message.locale.lower().startswith("zh") else "en"


def chosen(templates: ByUse[T], out: Outbound) -> T | None:
    """Return the template for the purpose and language of `out`; without one of its language, the purpose's Chinese one.

    A burst without a template of its own takes that of its first message, the most urgent.
    """
    several = templates.get("digest") if out.also else None
    found: Mapping[Language, T] = several or templates.get(out.purpose) or templates.get("default") or {}
    return found.get(language_of(out)) or found.get("zh")
