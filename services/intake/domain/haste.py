"""Which raw contact cannot wait in a long queue: a look at its text, far cheaper than reading it (R-RT-04).

It decides on nothing but the turn: one that is taken for hasty without being so is served early, and one that is
not recognised waits for its turn. Marks of the agent are found exactly, words of the policy wherever they stand.
"""

import json
import re
from collections.abc import Iterable

from shared.policy import Policy

_ESCAPE = "\\u"


class Haste:
    """Knows the marks and words of whatever is urgent by the policy."""

    def __init__(self, policy: Policy) -> None:
        categories = [key for key, category in policy.categories.items() if category.grade == "urgent"]
        marks = [_mark("category", categories), _mark("emotion", policy.routing.urgent_emotions)]
        self._mark = re.compile("|".join(mark for mark in marks if mark) or "(?!)")
        words = [re.escape(word) for word in policy.intake.cannot_wait]
        escaped = [re.escape(json.dumps(word)[1:-1]) for word in policy.intake.cannot_wait]
        self._words = re.compile("|".join(words) or "(?!)")
        self._escaped = re.compile("|".join([*words, *escaped]) or "(?!)")

    def __call__(self, body: bytes) -> bool:
        """Return whether the contact in `body` cannot wait."""
        text = body.decode(errors="replace")
        words = self._escaped if _ESCAPE in text else self._words
        return self._mark.search(text) is not None or words.search(text) is not None


def _mark(name: str, values: Iterable[str]) -> str:
    """Return the pattern of a field of JSON that has one of `values`."""
    either = "|".join(map(re.escape, values))
    return rf'"{name}"\s*:\s*"(?:{either})"' if either else ""
