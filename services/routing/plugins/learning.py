"""Training of the linear classifier: how often each label has a piece, corrected by where that goes wrong.

The weight of a piece for a label is its naive Bayes log-likelihood, which says much from few examples, plus what a
logistic regression learns, which weighs pieces that always come together only once. Pure Python, a few seconds for
thousands of examples, and the same for the same examples and seed.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.plugins.grams import pieces

_SMOOTHING = 0.005
_ROUNDS = 10
_STEP = 3.0
_SLOWER = 0.85
# Smaller errors of a label's probability are left alone: it spares most of the work.
_ENOUGH = 0.02


@dataclass(frozen=True, slots=True)
class Labelled:
    """One example: a text with the names of its registered fields, and the label a person gave it.

    `of_customer` examples were written by customers: a piece that only one of them has is not learnt, so that no
    model tells what a single person wrote.
    """

    label: str
    text: str
    details: tuple[str, ...] = ()
    of_customer: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model: `rows` gives each piece its weight for every one of `labels`, beside each label's `bias`."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    rows: dict[str, list[float]]

    def scores(self, found: Sequence[str]) -> list[float]:
        """Return the score of every label for a text with these pieces; the bias alone where none is known."""
        rows = [row for piece in found if (row := self.rows.get(piece)) is not None]
        if not rows:
            return list(self.bias)
        share = 1 / math.sqrt(len(rows))
        return [own + share * sum(column) for own, column in zip(self.bias, zip(*rows, strict=True), strict=True)]


def learn(examples: Sequence[Labelled], seed: int) -> Weights:
    """Return the model of `examples`; deterministic for a seed and an order of examples."""
    labels = tuple(sorted({example.label for example in examples}))
    at = {label: index for index, label in enumerate(labels)}
    read = [(list(pieces(example.text, example.details)), at[example.label]) for example in examples]
    known = _learnable(examples, [found for found, _ in read])
    items = [([piece for piece in found if piece in known], label) for found, label in read]
    likely = _likelihoods(items, len(labels))
    learnt, bias = _regression(items, len(labels), seed)
    for piece, row in learnt.items():
        for index, likelihood in enumerate(likely[piece]):
            row[index] = round(row[index] + likelihood, 2)
    return Weights(labels, tuple(round(own, 2) for own in bias), learnt)


def _learnable(examples: Sequence[Labelled], read: Sequence[Sequence[str]]) -> set[str]:
    ours: set[str] = set()
    theirs: Counter[str] = Counter()
    for example, found in zip(examples, read, strict=True):
        if example.of_customer:
            theirs.update(found)
        else:
            ours.update(found)
    return ours | {piece for piece, count in theirs.items() if count > 1}


def _likelihoods(items: Sequence[tuple[list[str], int]], labels: int) -> dict[str, list[float]]:
    sizes = Counter(label for _, label in items)
    counts: dict[str, list[int]] = {}
    for found, label in items:
        for piece in found:
            counts.setdefault(piece, [0] * labels)[label] += 1
    whole = [math.log(sizes[label] + 2 * _SMOOTHING) for label in range(labels)]
    return {
        piece: [math.log(count + _SMOOTHING) - of for count, of in zip(row, whole, strict=True)]
        for piece, row in counts.items()
    }


def _regression(
    items: Sequence[tuple[list[str], int]], labels: int, seed: int
) -> tuple[dict[str, list[float]], list[float]]:
    rows: dict[str, list[float]] = {piece: [0.0] * labels for found, _ in items for piece in found}
    bias = [0.0] * labels
    order = [item for item in items if item[0]]
    chance = random.Random(seed)  # noqa: S311 - an order to learn in, not a secret
    step = _STEP
    for _ in range(_ROUNDS):
        chance.shuffle(order)
        for found, label in order:
            own = [rows[piece] for piece in found]
            share = 1 / math.sqrt(len(own))
            scores = [base + share * sum(column) for base, column in zip(bias, zip(*own, strict=True), strict=True)]
            for index, probability in enumerate(softmax(scores)):
                error = probability - (index == label)
                if abs(error) > _ENOUGH:
                    bias[index] -= step * error * 0.1
                    change = step * error * share
                    for row in own:
                        row[index] -= change
        step *= _SLOWER
    return rows, bias


def softmax(scores: Sequence[float], warmth: float = 1.0) -> list[float]:
    """Return scores as probabilities; a greater `warmth` makes them more alike."""
    best = max(scores)
    powers = [math.exp((score - best) / warmth) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
