"""How much a text resembles worked examples: a naive Bayes over characters and Latin words, and pairs of each.

Rules know what was thought of; resemblance carries over to the wordings nobody listed. The examples are invented and
kept as data (`examples_zh.tsv`: label, tab, text), so a wrong suggestion is cured by adding the case as an example.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from operator import add

from services.routing.ports import plain

_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[a-z]{2,}")
_SMOOTHING = 0.01
_CONSIDERED = 600
# Beyond this many known pieces a text is long, not surer: its likelihoods are scaled back to it.
_PLENTY = 60


def _pieces(text: str) -> set[str]:
    folded = _DIGITS.sub("0", plain(text).lower()[:_CONSIDERED])
    found = set[str](folded)
    if words := _WORDS.findall(folded):
        folded = _WORDS.sub(" ", folded)
        found = {*folded, *words, *map(" ".join, pairwise(words))}
    found.update(map(add, folded, folded[1:]))
    return found


class Resemblance:
    """Log-likelihoods of the labels, relative to the most alike (0, the others negative); pure once built."""

    def __init__(self, examples: Iterable[tuple[str, str]]) -> None:
        """Count the pieces of `examples`, pairs of label and text."""
        rows = list(examples)
        sizes = Counter(label for label, _ in rows)
        self._labels = tuple(sizes)
        # A piece no example of a label has costs the same for all pieces, so only seen pairs are stored.
        self._unseen = [math.log(_SMOOTHING / (size + 2 * _SMOOTHING)) for size in sizes.values()]
        alike: dict[tuple[float, ...], tuple[float, ...]] = {}  # 28,000 pieces have 4,000 rows: each is kept once
        self._gains = {
            piece: alike.setdefault(gains, gains)
            for piece, counts in _counted(rows, self._labels).items()
            for gains in (tuple(map(_gain, counts)),)
        }

    def scores(self, text: str) -> Mapping[str, float]:
        """Return the log-likelihood of each label less the best one's; all 0 for a text without a known piece."""
        gains = self._gains
        known = [gains[piece] for piece in _pieces(text) if piece in gains]
        if not known:
            return dict.fromkeys(self._labels, 0.0)
        size = len(known)
        likelihood = list(map(add, (unseen * size for unseen in self._unseen), map(sum, zip(*known, strict=True))))
        best = max(likelihood, default=0.0)
        share = min(1.0, _PLENTY / max(1, len(known)))
        return {label: (value - best) * share for label, value in zip(self._labels, likelihood, strict=True)}


def _counted(examples: Sequence[tuple[str, str]], labels: Sequence[str]) -> dict[str, array[int]]:
    """Return of each piece how many examples of each label have it, in the order of `labels`."""
    place = {label: number for number, label in enumerate(labels)}
    none = array("H", [0]) * len(labels)
    counts: dict[str, array[int]] = {}
    for label, text in examples:
        for piece in _pieces(text):
            counts.setdefault(piece, none[:])[place[label]] += 1
    return counts


@cache  # few values, and each of them one object: what is looked up for every text stays close together
def _gain(count: int) -> float:
    return math.log((count + _SMOOTHING) / _SMOOTHING)


def packaged_examples(name: str = "examples_zh.tsv") -> list[tuple[str, str]]:
    """Return the packaged examples, each a label and a text."""
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines if line)
    return [(label, text.replace("\\n", "\n")) for label, _, text in rows]


@cache
def worked_examples() -> Resemblance:
    """Return the resemblance to the packaged examples; read once per process."""
    return Resemblance(packaged_examples())
