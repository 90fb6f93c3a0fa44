"""The learning classifier (R-RT-01): a linear model over n-grams of characters, trained by `yingda classifier train`.

It is switched on by the policy, and only where its cross-validation reached what the policy asks for.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from services.routing.plugins.grams import MARK, pieces
from services.routing.plugins.learning import softmax
from services.routing.plugins.model_file import Model, load
from services.routing.ports import ClassifierSetup, Matter, ModelError, Suggestion, plain
from shared.plugins import Plugin

_SHOWN = 5
_PIECES_LOOKED_AT = 14


class NgramsClassifier:
    """Decides by the weights of the pieces of a text; pure once built, and its evidence is the customer's own words."""

    name = "ngrams"

    def __init__(self, model: Model) -> None:
        self._weights = model.weights
        self._warmth = model.evaluation.warmth

    @classmethod
    def trained(cls, model: Path, at_least: Mapping[str, float]) -> Self:
        """Return the classifier of a model file; `ModelError` where it is missing, broken or below `at_least`."""
        found = load(model)
        if (short := found.evaluation.short_of(at_least)) is not None:
            raise ModelError(f"the model {model} may not be switched on: {short}")
        return cls(found)

    def classify(self, matter: Matter) -> Suggestion:
        """Return the best label over all categories."""
        label, confidence, evidence = self._best(matter, range(len(self._weights.labels)))
        category, _, topic = label.partition("/")
        return Suggestion(category, topic or None, confidence, evidence)

    def topic_of(self, matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        """Return the best topic within `category`; None where no example of it had one."""
        own = [at for at, label in enumerate(self._weights.labels) if label.partition("/")[0] == category]
        if not own or (self._weights.labels[own[0]] == category and len(own) == 1):
            return None, 1.0, ()
        label, confidence, evidence = self._best(matter, own)
        return label.partition("/")[2] or None, confidence, evidence

    def _best(self, matter: Matter, among: Sequence[int]) -> tuple[str, float, tuple[str, ...]]:
        found = pieces(matter.text, matter.details)
        scores = self._weights.scores(list(found))
        shares = softmax([scores[at] for at in among], self._warmth)
        ranked = sorted(range(len(among)), key=lambda index: -shares[index])
        best = among[ranked[0]]
        label = self._weights.labels[best]
        category = label.partition("/")[0]
        if len(among) == len(scores):
            confidence = sum(
                share
                for at, share in zip(among, shares, strict=True)
                if self._weights.labels[at].partition("/")[0] == category
            )
            others = [index for index in ranked if self._weights.labels[among[index]].partition("/")[0] != category]
        else:
            confidence, others = shares[ranked[0]], ranked[1:]
        if not any(piece in self._weights.rows for piece in found):
            return label, 0.0, ()
        rival = among[others[0]] if others else None
        return label, round(confidence, 3), self._evidence(matter, found, best, rival)

    def _evidence(self, matter: Matter, found: Mapping[str, int], best: int, rival: int | None) -> tuple[str, ...]:
        """Return the words that weighed most for `best` against `rival`; pieces that overlap are one word."""
        rows = self._weights.rows
        weighed = [
            (row[best] - (row[rival] if rival is not None else 0.0), piece)
            for piece in found
            if len(piece) > 1 and _speaks(piece) and (row := rows.get(piece)) is not None
        ]
        strongest = sorted((pair for pair in weighed if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
        fields = [piece for _, piece in strongest[:_SHOWN] if piece.startswith(MARK)]
        spans: list[list[float]] = []
        for weight, piece in strongest[:_PIECES_LOOKED_AT]:
            start = found[piece]
            if start < 0:
                continue
            spans.append([start, start + len(piece.rpartition(" ")[2]), weight])
        text = plain(matter.text)
        joined = sorted(_joined(spans), key=lambda span: -span[2])
        words = (text[int(start) : int(end)].strip() for start, end, _ in joined)
        return tuple(dict.fromkeys((*(word for word in words if word), *fields)))[:_SHOWN]


def _speaks(piece: str) -> bool:
    """Whether a piece tells a reader something: no punctuation in it, and not only figures."""
    return piece.startswith(MARK) or piece.replace(" ", "").replace("'", "").isalpha()


def _joined(spans: list[list[float]]) -> list[list[float]]:
    joined: list[list[float]] = []
    for start, end, weight in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
            joined[-1][2] += weight
        else:
            joined.append([start, end, weight])
    return joined


def _build(setup: ClassifierSetup) -> NgramsClassifier:
    return NgramsClassifier.trained(setup.model, setup.at_least)


plugin = Plugin(
    kind="classifier",
    name="ngrams",
    api=1,
    summary="A linear model that learns from the house's own work orders",
    build=_build,
)
