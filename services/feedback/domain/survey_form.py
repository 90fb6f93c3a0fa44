"""The form of the survey page: what its fields mean, and what is wrong with those that mean nothing (R-FB-02)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from services.feedback.domain.callback import Answer
from shared.events import Satisfaction

LEVELS: Final[tuple[Satisfaction, ...]] = (
    "very_satisfied",
    "satisfied",
    "neutral",
    "dissatisfied",
    "very_dissatisfied",
)
FIELDS: Final = ("solved", "speed", "satisfaction", "score", "comment", "suggestion")
LONGEST_WORDS: Final = 1000
"""Characters of each text; a form with both full, each character percent-encoded, stays below `LARGEST_FORM_BYTES`."""
LARGEST_FORM_BYTES: Final = 32_768

Fault = Literal["required", "unreadable", "too_long"]

_YES_NO: Final = {"yes": True, "no": False}
_SCORES: Final = {str(score): score for score in range(11)}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Form:
    """One form as it was sent: its fields as texts, to show them again, and what they mean."""

    given: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    answer: Answer | None = None
    fault: Fault | None = None
    """Why there is no answer; None, too, for a form that nobody has filled in."""


def read(fields: Mapping[str, str]) -> Form:
    """Return what a form says. A question that was left out is not answered; a value that nobody offered is a fault."""
    given = {name: _CONTROL.sub("", fields.get(name, "").replace("\r\n", "\n")).strip() for name in FIELDS}
    if any(len(given[name]) > LONGEST_WORDS for name in ("comment", "suggestion")):
        return Form(given, fault="too_long")
    known = (
        given["solved"] in {"", *_YES_NO},
        given["speed"] in {"", *_YES_NO},
        given["score"] in {"", *_SCORES},
        given["satisfaction"] in {"", *LEVELS},
    )
    if not all(known):
        return Form(given, fault="unreadable")
    answer = Answer(
        "reached",
        solved=_YES_NO.get(given["solved"]),
        score=_SCORES.get(given["score"]),
        satisfaction=next((level for level in LEVELS if level == given["satisfaction"]), "not_rated"),
        speed_satisfied=_YES_NO.get(given["speed"]),
        suggestion=given["suggestion"],
        comment=given["comment"],
    )
    return Form(given, answer) if answer.says_something else Form(given, fault="required")
