"""Looks through a text for what an agent must not say (R-FB-06)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.feedback.domain.quality import context
from services.feedback.domain.quality.phrases import Kind, Phrase, falls_apart, phrases
from services.feedback.domain.quality.plain import plain
from shared.policy.feedback import QualityPolicy

LONGEST_TEXT = 10_000
_MOST_PLACES = 100
_BEFORE, _AFTER = 300, 100
"""How far around a place its context is read: a text of nothing but phrases must not take long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One phrase found: `matched` is how it was written, at `start` to `end` of the text."""

    kind: Kind
    phrase: str
    matched: str
    start: int
    end: int


class Inspector:
    """Knows the phrases of one policy."""

    def __init__(self, policy: QualityPolicy) -> None:
        self._phrases = phrases(policy)

    def findings(self, text: str, *, note: bool = False) -> tuple[Finding, ...]:
        """Return what is found in `text`, in order, no two at the same place.

        A `note` is what an agent wrote down about a call: there an evasion counts only where the agent names
        themselves, since most of a note is what the customer said.
        """
        text = text[:LONGEST_TEXT]
        clean = plain(text)
        found = [
            Finding(one.kind, one.name, text[clean.places[a] : clean.places[b]], clean.places[a], clean.places[b])
            for one in self._phrases
            for a, b in _places(one, clean.text, note=note)
        ]
        return tuple(_apart(sorted(found, key=lambda one: (one.start, -one.end))))


def _places(phrase: Phrase, text: str, *, note: bool) -> Iterator[tuple[int, int]]:
    start = 0
    for _ in range(_MOST_PLACES):
        match = phrase.pattern.search(text, start)
        if match is None:
            return
        if _counts(phrase, text, match, note=note):
            yield match.span()
            start = match.end()
        else:
            start = match.start() + 1


def _counts(phrase: Phrase, text: str, match: re.Match[str], *, note: bool) -> bool:
    start, end = match.span()
    if falls_apart(match[0], text[end : end + 3]):
        return False
    if phrase.harmless is not None and any(
        one.start() <= start and end <= one.end() for one in phrase.harmless.finditer(text, max(0, start - 12))
    ):
        return False
    cut = max(0, start - _BEFORE)
    text, start, end = text[cut : end + _AFTER], start - cut, end - cut
    if context.quoted(text, start, end) or context.reported(text, start) or context.denied(text, start, end):
        return False
    if phrase.kind == "evasion":
        return context.own_evasion(text, start, end, note=note)
    return not (context.by_customer(text, start) or context.polite_request(text, start))


def _apart(found: list[Finding]) -> Iterator[Finding]:
    """Yield the findings that do not lie inside an earlier one."""
    last = 0
    for one in found:
        if one.start >= last:
            yield one
            last = one.end
