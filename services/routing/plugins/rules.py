"""The built-in classifier (R-RT-01): what a contact is about and what its writer does about it, each by weighted rules.

To a label's rule score is added how much the text resembles the worked examples of that label.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping

from services.routing.plugins.resemblance import worked_examples
from services.routing.plugins.rulebook import Label, Rule, rulebook
from services.routing.ports import Matter, Suggestion

_Score = tuple[float, tuple[tuple[float, str], ...]]
_NOTHING: _Score = (0.0, ())
_SLOPE = 0.7
_SOLID = 5.0
# Confidence is about how often such a suggestion is right (tests/measure): where a word of the text spoke for the label,
# even a narrow lead was right in two cases of three; where only the likeness to worked examples spoke, less often.
_TOLD = 0.5
_ALIKE = 0.32
_ENOUGH_TEXT = 8
_HAN = re.compile(r"[\u4e00-\u9fff]")
_EVIDENCE_SHOWN = 6
# What a nat of resemblance is worth beside the rules' weights; pieces overlap, so it is far below 1.
_RESEMBLANCE = 0.16


class RulesClassifier:
    """Rules for Chinese and reasonable English; pure and deterministic. The rules themselves are `rules_zh.yaml`."""

    name = "rules"

    def __init__(self) -> None:
        self._book = rulebook()
        self._examples = worked_examples()

    def classify(self, matter: Matter) -> Suggestion:
        """Return the best label over all categories."""
        label, confidence, evidence = self._best(matter, self._book.labels.values())
        return Suggestion(label.category, self._told(label, matter), confidence, evidence)

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Return the best topic within `category`; None where it has none or the text does not tell."""
        labels = [label for label in self._book.labels.values() if label.category == category]
        if len(labels) < 2:  # noqa: PLR2004 - one label leaves no topic to choose
            return None, 1.0, ()
        label, confidence, evidence = self._best(matter, labels)
        return self._told(label, matter), confidence, evidence

    def rule_scores(self, matter: Matter) -> dict[str, float]:
        """Return what the rules alone give every label, for reports on them."""
        return {name: score for name, (score, _) in self._score(matter).items()}

    def _told(self, label: Label, matter: Matter) -> str | None:
        if label.topic != "product" or matter.details.get("product_name"):
            return label.topic
        return label.topic if self._book.cues["concrete"].search(matter.plain.lower()) else None

    def _best(self, matter: Matter, labels: Iterable[Label]) -> tuple[Label, float, tuple[str, ...]]:
        scored = self._score(matter)
        alike = self._examples.scores(matter.text)
        ranked = sorted(
            (
                (scored[name][0] + _RESEMBLANCE * alike.get(name, 0.0), scored[name][1], label)
                for label in labels
                if (name := _name(label))
            ),
            key=lambda row: (-row[0], _name(row[2])),
        )
        score, evidence, label = ranked[0]
        rival = next((row[0] for row in ranked if row[2].category != label.category), ranked[1][0])
        shown = dict.fromkeys(word for weight, word in sorted(evidence, key=lambda row: -row[0]) if word and weight > 0)
        lead, told = _lead(score, rival), tuple(shown)[:_EVIDENCE_SHOWN]
        if told:
            return label, round(_TOLD + (1 - _TOLD) * lead, 3), told
        if len(_HAN.findall(matter.plain)) >= _ENOUGH_TEXT:
            return label, round(_ALIKE + (1 - _ALIKE) * lead, 3), ("与以往同类来访相似",)
        return label, round(lead, 3), ()

    def _score(self, matter: Matter) -> dict[str, _Score]:
        text = matter.plain.lower()
        for mask, replacement in self._book.masks:
            text = mask.sub(replacement, text)
        # Registered details speak as marks, so that rules can name them like words: [order_no], [employee].
        text = " ".join((text, *(f"[{key}]" for key in sorted(matter.details))))
        holds = self._holds(text)
        objects = _sums(self._book.objects, text, holds)
        acts = _sums(self._book.acts, text, holds)
        direct = _sums(self._book.direct, text, holds)
        scored = {}
        for name, label in self._book.labels.items():
            subject = objects.get(label.subject or "", _NOTHING)
            parts = (subject, direct.get(name, _NOTHING), *(acts[act] for act in label.acts))
            bias = label.bias - (self._book.unmentioned if label.subject and subject[0] <= 0 else 0.0)
            scored[name] = (bias + sum(part[0] for part in parts), sum((part[1] for part in parts), ()))
        return scored

    def _holds(self, text: str) -> Callable[[str], bool]:
        known: dict[str, bool] = {}

        def holds(cue: str) -> bool:
            if cue not in known:
                known[cue] = self._book.cues[cue].search(text) is not None
            return known[cue]

        return holds


def _name(label: Label) -> str:
    return f"{label.category}/{label.topic}" if label.topic else label.category


def _sums(tables: Mapping[str, tuple[Rule, ...]], text: str, holds: Callable[[str], bool]) -> dict[str, _Score]:
    sums = {}
    for name, rules in tables.items():
        total = 0.0
        found = []
        for rule in rules:
            word = rule.evidence(text, holds)
            if word is not None:
                total += rule.weight
                found.append((rule.weight, word))
        sums[name] = (total, tuple(found))
    return sums


def _lead(score: float, rival: float) -> float:
    """Return 0 to 1: how far the label leads the next category, and how strong it is itself."""
    sure = 1 / (1 + math.exp(-_SLOPE * (score - rival)))
    solid = 1 / (1 + math.exp(-_SLOPE * (score - _SOLID) - 1.5))
    return sure * solid
