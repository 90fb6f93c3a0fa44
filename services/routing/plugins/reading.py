"""A text as the rules read it: masked, every rule that may apply tried once, the labels scored from what spoke."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.routing.plugins.rulebook import Rule, Rulebook
from services.routing.ports import AnyOf, Matter, Opened, each

_Spoken = list[tuple[Rule, re.Match[str] | None]]
"""Rules, each with its match where one was looked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rules say of one text: the score of every label by its name, and the rules that spoke, by table and row."""

    text: str
    """As the rules read it."""
    scores: dict[str, float]
    spoken: dict[str, _Spoken]

    def words(self, rows: Sequence[str]) -> list[str]:
        """Return what spoke for the label made up of `rows`, the weightiest first; nothing that spoke against it."""
        told = [pair for row in rows for pair in self.spoken.get(row, ()) if pair[0].weight > 0]
        told.sort(key=_weight)
        words = (rule.word(self.text) if found is None else found.group() for rule, found in told)
        return list(dict.fromkeys(word for word in words if word))


@dataclass(frozen=True, slots=True)
class _Sum:
    """What the score of a label is made of."""

    bias: float
    unmentioned: float
    """Its bias where nothing speaks of its subject."""
    subject: str
    others: tuple[str, ...]

    def score(self, totals: Mapping[str, float]) -> float:
        """Return the score from the `totals` of the rows that spoke."""
        told = totals.get(self.subject, 0.0)
        bias = self.bias if told > 0 else self.unmentioned
        for row in self.others:
            told += totals.get(row, 0.0)
        return bias + told


class _Cues(dict[str, bool]):
    """Whether cues are in a text, each looked for when it is first asked for."""

    def __init__(self, cues: Mapping[str, AnyOf], text: str, opened: Opened) -> None:
        super().__init__()
        self._cues, self._text, self._opened = cues, text, opened

    def __missing__(self, cue: str) -> bool:
        held = self[cue] = self._cues[cue].are_in(self._text, self._opened)
        return held


class Reader:
    """Applies one rulebook; pure. Of its rules only those whose gate the text opens are looked at."""

    def __init__(self, book: Rulebook) -> None:
        self._book = book
        self._rules = {bit: rule for rule in book.rules for bit in each(rule.bits)}
        self._ruled = sum(self._rules)
        self.rows = {
            name: (f"object {label.subject}", f"direct {name}", *(f"act {act}" for act in label.acts))
            for name, label in book.labels.items()
        }
        self._sums = {
            name: _Sum(label.bias, label.bias - (book.unmentioned if label.subject else 0.0), rows[0], rows[1:])
            for (name, label), rows in zip(book.labels.items(), self.rows.values(), strict=True)
        }
        self._labels: dict[str, list[str]] = {}  # by the rows that they are made up of
        for name, rows in self.rows.items():
            for row in rows:
                self._labels.setdefault(row, []).append(name)
        self._silent = {name: made.score({}) for name, made in self._sums.items()}

    def read(self, matter: Matter) -> Reading:
        """Return what the rules say of a matter."""
        text, opened = self._masked(matter.plain.lower())
        if matter.details:
            # Registered details speak as marks, so that rules can name them like words: [order_no], [employee].
            marks = "".join(f" [{key}]" for key in sorted(matter.details))
            text, opened = self._book.gates.longer(text, marks, opened)
        else:
            opened = self._book.gates.opened(text, opened.pieces)
        totals, spoken = self._apply(text, opened)
        scores = self._silent.copy()
        for name in {name for row in totals for name in self._labels.get(row, ())}:
            scores[name] = self._sums[name].score(totals)
        return Reading(text, scores, spoken)

    def _apply(self, text: str, opened: Opened) -> tuple[dict[str, float], dict[str, _Spoken]]:
        holds = _Cues(self._book.cues, text, opened).__getitem__
        totals: dict[str, float] = {}
        spoken: dict[str, _Spoken] = {}
        waiting = self._ruled & opened.may
        while waiting:
            rule = self._rules[waiting & -waiting]
            waiting &= ~rule.bits
            if rule.needs and not all(map(holds, rule.needs)):
                continue
            found = None
            if rule.pattern is not None and not rule.bits & opened.sure:
                found = rule.pattern.search(text)
                if found is None:
                    continue
            if rule.unless and any(map(holds, rule.unless)):
                continue
            row = rule.row
            totals[row] = totals.get(row, 0.0) + rule.weight
            spoken.setdefault(row, []).append((rule, found))
        return totals, spoken

    def _masked(self, text: str) -> tuple[str, Opened]:
        """Return the text with what misleads replaced, and the look at it."""
        veils = self._book.veils
        opened = veils.opened(text)
        if opened.may:
            for mask, instead in self._book.masks:
                if mask.bits & opened.may and (spans := [found.span() for found in mask.pattern.finditer(text)]):
                    text, opened = veils.replaced(text, spans, instead, opened)
        return text, opened


def _weight(pair: tuple[Rule, re.Match[str] | None]) -> float:
    return -pair[0].weight
