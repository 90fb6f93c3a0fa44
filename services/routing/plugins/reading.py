"""A text as the rules read it: masked, every rule that may apply tried once, the labels scored from what spoke."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.plugins.rulebook import Rule, Rulebook
from services.routing.ports import Gated, Matter, Opened

_Spoken = list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rules say of one text: the score of every label by its name, and the words that spoke, by table and row."""

    scores: dict[str, float]
    spoken: dict[str, _Spoken]
    concrete: bool
    """Whether a text about goods tells what is the matter with them."""

    def words(self, rows: Sequence[str]) -> list[str]:
        """Return what spoke for the label made up of `rows`, the weightiest first; nothing that spoke against it."""
        told = [pair for row in rows for pair in self.spoken.get(row, ())]
        return list(dict.fromkeys(word for weight, word in sorted(told, key=_weight) if word and weight > 0))


class Reader:
    """Applies one rulebook; pure. Of its rules only those whose gate the text opens are looked at."""

    def __init__(self, book: Rulebook) -> None:
        self._book = book
        tables = (("object", book.objects), ("act", book.acts), ("direct", book.direct))
        self._rules: list[tuple[str, Rule]] = [
            (f"{kind} {name}", rule) for kind, table in tables for name, rules in table.items() for rule in rules
        ]
        self._behind: dict[Gated, int] = {
            rule.pattern: at for at, (_, rule) in enumerate(self._rules) if rule.pattern is not None
        }
        self._open = [at for at, (_, rule) in enumerate(self._rules) if rule.pattern is None]
        self.rows = {
            name: (f"object {label.subject}", f"direct {name}", *(f"act {act}" for act in label.acts))
            for name, label in book.labels.items()
        }

    def read(self, matter: Matter) -> Reading:
        """Return what the rules say of a matter."""
        plain = matter.plain.lower()
        seen = self._book.masking.opened(plain)
        concrete = seen.holds(self._book.concrete, plain)
        text = self._masked(plain, seen)
        if matter.details:
            # Registered details speak as marks, so that rules can name them like words: [order_no], [employee].
            text = " ".join((text, *(f"[{key}]" for key in sorted(matter.details))))
        totals, spoken = self._apply(text, self._book.gates.opened(text))
        unmentioned = self._book.unmentioned
        scores = {}
        for name, label in self._book.labels.items():
            subject, *others = self.rows[name]
            told = totals.get(subject, 0.0)
            bias = label.bias - (unmentioned if label.subject and told <= 0 else 0.0)
            for row in others:
                told += totals.get(row, 0.0)
            scores[name] = bias + told
        return Reading(scores, spoken, concrete)

    def _apply(self, text: str, opened: Opened) -> tuple[dict[str, float], dict[str, _Spoken]]:
        known: dict[str, bool] = {}
        cues = self._book.cues

        def holds(cue: str) -> bool:
            if cue not in known:
                known[cue] = opened.holds(cues[cue], text)
            return known[cue]

        behind = self._behind
        totals: dict[str, float] = {}
        spoken: dict[str, _Spoken] = {}
        for at in sorted([*self._open, *(behind[gated] for gated in opened.may if gated in behind)]):
            row, rule = self._rules[at]
            word = rule.evidence(text, holds)
            if word is not None:
                totals[row] = totals.get(row, 0.0) + rule.weight
                spoken.setdefault(row, []).append((rule.weight, word))
        return totals, spoken

    def _masked(self, text: str, opened: Opened) -> str:
        masking = self._book.masking
        for mask, replacement in self._book.masks:
            if mask in opened.may:
                masked = mask.pattern.sub(replacement, text)
                if masked != text:
                    text, opened = masked, masking.opened(masked)
        return text


def _weight(pair: tuple[float, str]) -> float:
    return -pair[0]
