"""How much a text resembles worked examples: a naive Bayes over characters and Latin words, and pairs of each.

Rules know what was thought of; resemblance carries over to the wordings nobody listed. The examples are invented and
kept as data (`examples_zh.tsv`: label, tab, text), so a wrong suggestion is cured by adding the case as an example.

What a piece says is one whole number with a field of 64 bits for each label, so that what all pieces of a text say together
is one sum: exact, whatever the order, and made without a look at the single labels.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from struct import Struct
from typing import Final

from services.routing.ports import neighbours, plain

_DIGITS: Final = re.compile(r"\d+")
_WORDS: Final = re.compile(r"[a-z]{2,}")
_SMOOTHING: Final = 0.01
_CONSIDERED: Final = 600
# Beyond this many known pieces a text is long, not surer: its likelihoods are scaled back to it.
_PLENTY: Final = 60
_FIELD: Final = 64
"""Bits: the sum of all pieces of a text stays below 2 ** 60."""
_ONE: Final = 1 << 44
"""How 1.0 is written in a field."""
_Piece = int | str


def _pieces(text: str) -> set[_Piece]:
    folded = plain(text).lower()[:_CONSIDERED]
    if _DIGITS.search(folded):
        folded = _DIGITS.sub("0", folded)
    found: set[_Piece] = set()
    if words := _WORDS.findall(folded):
        folded = _WORDS.sub(" ", folded)
        found.update(words, map(" ".join, pairwise(words)))
    found.update(folded, neighbours(folded))
    return found


class Resemblance:
    """Log-likelihoods of the labels, relative to the most alike (0, the others negative); pure once built."""

    def __init__(self, examples: Iterable[tuple[str, str]]) -> None:
        """Count the pieces of `examples`, pairs of label and text."""
        rows = list(examples)
        sizes = Counter(label for label, _ in rows)
        self._labels = tuple(
            label for label, _ in sizes.most_common()
        )  # what most pieces speak for makes short numbers
        # A piece no example of a label has costs the same for all pieces, so only seen pairs are stored.
        self._unseen = [math.log(_SMOOTHING / (sizes[label] + 2 * _SMOOTHING)) for label in self._labels]
        self._fields = Struct(f"<{len(sizes)}Q")
        alike: dict[int, int] = {}  # 28,000 pieces have 4,000 rows: each is kept once
        self._gains = {
            piece: alike.setdefault(gains, gains)
            for piece, counts in _counted(rows, self._labels).items()
            for gains in (sum(_gain(count) << _FIELD * place for place, count in counts.items()),)
        }

    def scores(self, text: str) -> Mapping[str, float]:
        """Return the log-likelihood of each label less the best one's; all 0 for a text without a known piece."""
        known = [*filter(None, map(self._gains.get, _pieces(text)))]
        if not known:
            return dict.fromkeys(self._labels, 0.0)
        size = len(known)
        told = self._fields.unpack(sum(known).to_bytes(self._fields.size, "little"))
        likelihood = [gain / _ONE + unseen * size for gain, unseen in zip(told, self._unseen, strict=True)]
        best = max(likelihood)
        share = min(1.0, _PLENTY / size)
        return {label: (value - best) * share for label, value in zip(self._labels, likelihood, strict=True)}


def _counted(examples: Sequence[tuple[str, str]], labels: Sequence[str]) -> dict[_Piece, dict[int, int]]:
    """Return of each piece how many examples have it, by the place of their label."""
    place = {label: number for number, label in enumerate(labels)}
    counts: dict[_Piece, dict[int, int]] = {}
    for label, text in examples:
        at = place[label]
        for piece in _pieces(text):
            of_piece = counts.setdefault(piece, {})
            of_piece[at] = of_piece.get(at, 0) + 1
    return counts


@cache  # few values
def _gain(count: int) -> int:
    return round(math.log((count + _SMOOTHING) / _SMOOTHING) * _ONE)


def packaged_examples(name: str = "examples_zh.tsv") -> list[tuple[str, str]]:
    """Return the packaged examples, each a label and a text."""
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines if line)
    return [(label, text.replace("\\n", "\n")) for label, _, text in rows]


@cache
def worked_examples() -> Resemblance:
    """Return the resemblance to the packaged examples; read once per process."""
    return Resemblance(packaged_examples())
