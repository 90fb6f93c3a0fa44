"""Cross-validation: how well a model does on examples it has not seen, before it may decide about anybody's contact."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from services.routing.plugins.grams import pieces
from services.routing.plugins.learning import Labelled, Weights, learn, softmax

_WARMTHS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
_EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Shares (0 to 1) met on held-out folds. `warmth` is what makes the model's probabilities honest there."""

    examples: int
    folds: int
    seed: int
    category: float
    department: float
    emergency: float
    """Of the emergencies, how many were found."""
    warmth: float
    by_category: Mapping[str, float]

    def short_of(self, at_least: Mapping[str, float]) -> str | None:
        """Return the sentence that says which figures stay below `at_least`; None where all pass."""
        told = asdict(self)
        low = [
            f"{name} {_written(told[name])} (at least {_written(least)})"
            for name, least in at_least.items()
            if told[name] < least
        ]
        return f"on held-out examples it reaches only {', '.join(low)}" if low else None


@dataclass(frozen=True, slots=True)
class _Judged:
    expected: str
    label: str
    scores: tuple[float, ...]
    labels: tuple[str, ...]


def evaluate(
    examples: Sequence[Labelled], department: Callable[[str], str], *, folds: int = 5, seed: int = 1
) -> Evaluation:
    """Train on all folds but one and judge that one, for each; `department` tells the department of a label.

    Raises `ValueError` where there are fewer examples than folds.
    """
    if len(examples) < folds:
        raise ValueError(f"{len(examples)} examples are too few for {folds} folds")
    return _figures(cross_validated(examples, folds, seed), department, folds, seed)


def evaluate_model(
    weights: Weights, examples: Sequence[Labelled], department: Callable[[str], str], seed: int
) -> Evaluation:
    """Judge a finished model on examples, which it should not have been trained on."""
    return _figures([_judge(weights, example) for example in examples], department, 1, seed)


def cross_validated(examples: Sequence[Labelled], folds: int, seed: int) -> list[_Judged]:
    """Return every example judged by the model of the other folds; each fold has its share of every label."""
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    order.sort(key=lambda index: examples[index].label)
    judged = []
    for fold in range(folds):
        held = set(order[fold::folds])
        weights = learn([example for index, example in enumerate(examples) if index not in held], seed)
        judged += [_judge(weights, examples[index]) for index in sorted(held)]
    return judged


def _judge(weights: Weights, example: Labelled) -> _Judged:
    scores = weights.scores(list(pieces(example.text, example.details)))
    best = max(range(len(scores)), key=scores.__getitem__)
    return _Judged(example.label, weights.labels[best], tuple(scores), weights.labels)


def _figures(judged: Sequence[_Judged], department: Callable[[str], str], folds: int, seed: int) -> Evaluation:
    right = [_category(one.label) == _category(one.expected) for one in judged]
    by_category: dict[str, list[bool]] = {}
    for one, met in zip(judged, right, strict=True):
        by_category.setdefault(_category(one.expected), []).append(met)
    return Evaluation(
        examples=len(judged),
        folds=folds,
        seed=seed,
        category=_share(right),
        department=_share([department(one.label) == department(one.expected) for one in judged]),
        emergency=_share(by_category.get(_EMERGENCY, [])),
        warmth=min(_WARMTHS, key=lambda warmth: _surprise(judged, warmth)),
        by_category={name: _share(met) for name, met in sorted(by_category.items())},
    )


def _surprise(judged: Sequence[_Judged], warmth: float) -> float:
    total = 0.0
    for one in judged:
        shares = softmax(one.scores, warmth)
        own = sum(
            share
            for label, share in zip(one.labels, shares, strict=True)
            if _category(label) == _category(one.expected)
        )
        total -= math.log(max(own, 1e-9))
    return total


def _share(met: Sequence[bool]) -> float:
    return round(sum(met) / len(met), 4) if met else 1.0


def _category(label: str) -> str:
    return label.partition("/")[0]


def _written(share: float) -> str:
    return f"{share:.1%}"
