"""The customer's attitude and tendency to complain, told with a sensitive matter (R-RT-05)."""

from collections.abc import Collection
from typing import Final

from shared.events import Emotion, Tendency
from shared.policy import Category, Policy

_THREATS: Final = frozenset({"media", "lawsuit", "regulator", "group_action"})
_DISPLEASED: Final[frozenset[Emotion]] = frozenset({"dissatisfied", "impatient"})


def attitude(marked: Emotion | None, tends: Tendency | None) -> Emotion | None:
    """Return the attitude told with a sensitive matter, None with others: the emotion that was marked.

    Where none was marked, who tends to complain is dissatisfied.
    """
    if tends is None:
        return None
    return marked or ("dissatisfied" if tends != "low" else None)


def tendency(
    reasons: Collection[str], marked: Emotion | None, complaints_before: int, entry: Category, policy: Policy
) -> Tendency | None:
    """Return how likely the customer is to complain (further); None where the matter is not sensitive.

    High: they name whom they will turn to, or have complained often lately (policy). Medium: they have complained
    before, complain now, or are displeased.
    """
    if not reasons:
        return None
    if _THREATS.intersection(reasons) or complaints_before >= policy.routing.sensitive.persistent_from:
        return "high"
    if complaints_before or entry.complaint or "repeated_complaint" in reasons or marked in _DISPLEASED:
        return "medium"
    return "low"
