"""Whether two problems are the same one, so that one entry of knowledge collects their cases (R-FB-04).

Decided where the handbook leaves it open ("similar ones are grouped"):
- One entry collects the work orders of one problem: a closed case whose problem resembles that of a draft of the same
  category joins this draft and stands beside it with its own words and solution, where the reviewer compares them.
- Where it resembles a published entry, and was solved as that says, it confirms the entry. Solved in another way, it
  becomes a draft of its own that names the entry it resembles: there may be something new to learn.
- What was rejected or retired collects nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.feedback.domain.drafting import Draft
from services.feedback.domain.terms import terms

_LEAST_TERMS: Final = 2
_DEMAND: Final = re.compile("要求|申请|请求|想要|尽快")  # what every other customer writes
_SAME_SOLUTION: Final = 0.5
"""Of `similar_percent`: solutions are told more freely than problems."""


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that a new draft may resemble; the problems are those of all its cases."""

    id: str
    state: Literal["draft", "published"]
    category: str
    problems: tuple[str, ...]
    solution: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new case goes: into the entry `joins`, or into one of its own, perhaps `like` a published one."""

    joins: str | None = None
    confirms: bool = False
    """Joins a published entry, which stays as it is."""
    like: str | None = None


def resemblance(one: str, other: str) -> float:
    """Return how much of their terms two texts share, 0 to 1; of very short texts nothing but the same counts."""
    a, b = terms(_DEMAND.sub(" ", one)), terms(_DEMAND.sub(" ", other))
    if min(len(a), len(b)) < _LEAST_TERMS:
        return float(a == b and bool(a))
    return 2 * _weight(a & b) / (_weight(a) + _weight(b))


def place(draft: Draft, known: Sequence[Known], similar: float) -> Place:
    """Decide where a new draft goes among the entries `known`; from `similar` on (0 to 1) two problems are the same."""
    found: list[tuple[float, bool, str, Known]] = []
    for entry in known:
        if entry.category != draft.category:
            continue
        alike = max((resemblance(draft.problem, problem) for problem in entry.problems), default=0.0)
        if alike >= similar:
            found.append((alike, entry.state == "draft", entry.id, entry))
    if not found:
        return Place()
    published = [one for one in found if one[3].state == "published"]
    drafts = [one for one in found if one[3].state == "draft"]
    for _, _, key, entry in sorted(published, key=_best):
        if resemblance(draft.solution, entry.solution) >= similar * _SAME_SOLUTION:
            return Place(joins=key, confirms=True)
    if drafts:
        return Place(joins=min(drafts, key=_best)[2])
    return Place(like=min(published, key=_best)[2])


def _best(one: tuple[float, bool, str, Known]) -> tuple[float, str]:
    return -one[0], one[2]


def _weight(found: Mapping[str, int]) -> int:
    return sum(min(count, 2) for count in Counter(found).values())
