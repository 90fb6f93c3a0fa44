"""The built-in classifier (R-RT-01): what a contact is about and what its writer does about it, each by weighted rules.

To a label's rule score is added how much the text resembles the worked examples of that label.
"""

import math
import re
from collections.abc import Mapping

from services.routing.plugins.reading import Reader
from services.routing.plugins.resemblance import worked_examples
from services.routing.plugins.rulebook import Label, rulebook
from services.routing.ports import Matter, Suggestion

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
        self._reader = Reader(self._book)
        self._examples = worked_examples()

    def classify(self, matter: Matter) -> Suggestion:
        """Return the best label over all categories."""
        label, topic, confidence, evidence = self._best(matter, self._book.labels)
        return Suggestion(label.category, topic, confidence, evidence)

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Return the best topic within `category`; None where it has none or the text does not tell."""
        labels = {name: label for name, label in self._book.labels.items() if label.category == category}
        if len(labels) < 2:  # noqa: PLR2004 - one label leaves no topic to choose
            return None, 1.0, ()
        _, topic, confidence, evidence = self._best(matter, labels)
        return topic, confidence, evidence

    def rule_scores(self, matter: Matter) -> dict[str, float]:
        """Return what the rules alone give every label, for reports on them."""
        return self._reader.read(matter).scores

    def _best(self, matter: Matter, labels: Mapping[str, Label]) -> tuple[Label, str | None, float, tuple[str, ...]]:
        read = self._reader.read(matter)
        alike = self._examples.scores(matter.text)
        scores = {name: read.scores[name] + _RESEMBLANCE * alike.get(name, 0.0) for name in labels}
        ranked = sorted(scores, key=lambda name: (-scores[name], name))
        best = ranked[0]
        label = labels[best]
        vague = label.topic == "product" and not (read.concrete or matter.details.get("product_name"))
        topic = None if vague else label.topic
        rival = next((name for name in ranked if labels[name].category != label.category), ranked[1])
        lead = _lead(scores[best], scores[rival])
        told = tuple(read.words(self._reader.rows[best])[:_EVIDENCE_SHOWN])
        if told:
            return label, topic, round(_TOLD + (1 - _TOLD) * lead, 3), told
        if len(_HAN.findall(matter.plain)) >= _ENOUGH_TEXT:
            return label, topic, round(_ALIKE + (1 - _ALIKE) * lead, 3), ("与以往同类来访相似",)
        return label, topic, round(lead, 3), ()


def _lead(score: float, rival: float) -> float:
    """Return 0 to 1: how far the label leads the next category, and how strong it is itself."""
    sure = 1 / (1 + math.exp(-_SLOPE * (score - rival)))
    solid = 1 / (1 + math.exp(-_SLOPE * (score - _SOLID) - 1.5))
    return sure * solid
