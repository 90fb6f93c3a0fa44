"""The built-in classifier (R-RT-01): what a contact is about and what its writer does about it, each by weighted rules.

To a label's rule score is added how much the text resembles the worked examples of that label.
"""

import math
import re
from collections.abc import Mapping, Sequence

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
        labels = self._book.labels
        categories = dict.fromkeys(label.category for label in labels.values())
        self._all = _Choice({name: label.category for name, label in labels.items()})
        # Within one category each label is a group of its own.
        self._within = {
            category: _Choice({name: name for name, label in labels.items() if label.category == category})
            for category in categories
        }

    def classify(self, matter: Matter) -> Suggestion:
        """Return the best label over all categories."""
        label, topic, confidence, evidence = self._best(matter, self._all)
        return Suggestion(label.category, topic, confidence, evidence)

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Return the best topic within `category`; None where it has none or the text does not tell."""
        choice = self._within.get(category)
        if choice is None or len(choice.groups) < 2:  # noqa: PLR2004 - one label leaves no topic to choose
            return None, 1.0, ()
        _, topic, confidence, evidence = self._best(matter, choice)
        return topic, confidence, evidence

    def rule_scores(self, matter: Matter) -> dict[str, float]:
        """Return what the rules alone give every label, for reports on them."""
        return self._reader.read(matter).scores

    def _best(self, matter: Matter, choice: "_Choice") -> tuple[Label, str | None, float, tuple[str, ...]]:
        read = self._reader.read(matter)
        alike = self._examples.scores(matter.text)
        best, confidence, among = choice.decided(
            [read.scores[name] + self._resemblance * alike.get(name, 0.0) for name in choice.names]
        )
        label = self._book.labels[best]
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


class _Choice:
    """Labels to choose among, in groups that speak for their labels together."""

    def __init__(self, groups: Mapping[str, str]) -> None:
        """Take the group of every label."""
        self.groups = groups
        self.names = tuple(groups)
        self._members: dict[str, list[tuple[str, int]]] = {group: [] for group in sorted(set(groups.values()))}
        for name in sorted(groups):
            self._members[groups[name]].append((name, self.names.index(name)))

    def decided(self, scores: Sequence[float]) -> tuple[str, float, float]:
        """Return the best label of the likeliest group, how likely the group is, and the label within it.

        `scores` are those of the labels in the order of `names`.
        """
        top = max(scores)
        shares = dict.fromkeys(self._members, 0.0)
        for group, score in zip(self.groups.values(), scores, strict=True):
            shares[group] += math.exp((score - top) / _WARMTH)
        likeliest = max(shares, key=shares.__getitem__)
        best, at = max(self._members[likeliest], key=lambda member: scores[member[1]])
        among = math.exp((scores[at] - top) / _WARMTH) / shares[likeliest]
        return best, round(shares[likeliest] / sum(shares.values()), 3), among


plugin = Plugin(
    kind="classifier",
    name="rules",
    api=1,
    summary="Weighted rules for Chinese and English",
    build=lambda _setup: RulesClassifier(),
)
