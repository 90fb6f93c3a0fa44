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
from shared.plugins import Plugin

# How much the scores of labels say about how often they are right: with this warmth, a category said to be 80 % likely was right
# about four times in five. Warmth and the biases of the labels were found by cross-validation over the worked examples, each
# fold scored by what resembles the others. From 0.18 to 0.3 the weight of resemblance makes no difference that could be told
# from chance (ADR 0022).
RESEMBLANCE = 0.18
_WARMTH = 2.0
_ENOUGH_TEXT = 8
"""Characters of Chinese, or words of a Latin script."""
_ALIKE = 0.9
# Nothing in the text spoke and there is hardly any text: a person decides.
_GUESSED = 0.3
_SAID = re.compile(r"[\u4e00-\u9fff]|[A-Za-z]{2,}")
_EVIDENCE_SHOWN = 6


class RulesClassifier:
    """Rules for Chinese and reasonable English; pure and deterministic. The rules themselves are `rules_zh.yaml`."""

    name = "rules"

    def __init__(self, resemblance: float = RESEMBLANCE) -> None:
        """Take the weight of the likeness to worked examples beside the rules' scores."""
        self._resemblance = resemblance
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
        scores = {name: read.scores[name] + self._resemblance * alike.get(name, 0.0) for name in labels}
        best, confidence, among = _decided(scores, labels)
        label = labels[best]
        vague = label.topic == "product" and not self._is_concrete(matter)
        # A little likeness does not tell a complaint's topic where no word of the app or of a paid service does (R-RT-02).
        unspoken = label.category == "complaint" and among < _ALIKE and f"object {label.subject}" not in read.spoken
        topic = None if vague or unspoken else label.topic
        told = tuple(read.words(self._reader.rows[best])[:_EVIDENCE_SHOWN])
        if told:
            return label, topic, confidence, told
        if len(_SAID.findall(matter.plain)) >= _ENOUGH_TEXT:
            return label, topic, confidence, ("与以往同类来访相似",)
        return label, topic, min(confidence, _GUESSED), ()

    def _is_concrete(self, matter: Matter) -> bool:
        """Return whether a contact about goods tells what they are or what is the matter with them."""
        named = matter.details.get("product_name")
        return bool(named) or self._book.concrete.search(matter.plain.lower()) is not None


def _decided(scores: Mapping[str, float], labels: Mapping[str, Label]) -> tuple[str, float, float]:
    """Return the best label of the likeliest group, how likely the group is, and the label within it; a category's labels speak for it together.

    Within one category each label is a group of its own.
    """
    top = max(scores.values())
    one = len({label.category for label in labels.values()}) == 1
    shares: dict[str, float] = {}
    for name, score in scores.items():
        group = name if one else labels[name].category
        shares[group] = shares.get(group, 0.0) + math.exp((score - top) / _WARMTH)
    likeliest = max(sorted(shares), key=shares.__getitem__)
    own = [name for name in sorted(scores) if likeliest in {name, labels[name].category}]
    best = max(own, key=scores.__getitem__)
    among = math.exp((scores[best] - top) / _WARMTH) / shares[likeliest]
    return best, round(shares[likeliest] / sum(shares.values()), 3), among


plugin = Plugin(
    kind="classifier",
    name="rules",
    api=1,
    summary="Weighted rules for Chinese and English",
    build=lambda _setup: RulesClassifier(),
)
