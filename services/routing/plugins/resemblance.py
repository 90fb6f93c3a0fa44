"""How much a text resembles worked examples of each label: a naive Bayes over characters, their pairs and
triples, and Latin words.

Rules know what was thought of; resemblance carries over to the wordings nobody listed. The examples are invented and
kept as data (`examples_zh.tsv`: label, tab, text), so a wrong suggestion is cured by adding the case as an example.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from services.routing.domain.script import plain

_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[a-z]{2,}")
_SMOOTHING = 0.002
_CONSIDERED = 600
# Beyond this many known pieces a text is long, not surer: its likelihoods are scaled back to it.
_PLENTY = 60


def _pieces(text: str) -> set[str]:
    folded = _DIGITS.sub("0", plain(text).lower()[:_CONSIDERED])
    words = set(_WORDS.findall(folded))
    folded = _WORDS.sub(" ", folded)
    pairs = {folded[at : at + 2] for at in range(len(folded) - 1)}
    triples = {folded[at : at + 3] for at in range(len(folded) - 2)}
    return words | set(folded) | pairs | triples


class Resemblance:
    """Log-likelihoods of the labels, relative to the most alike (0, the others negative); pure once built."""

    def __init__(self, examples: Iterable[tuple[str, str]]) -> None:
        """Count the pieces of `examples`, pairs of label and text."""
        seen: dict[str, Counter[str]] = {}
        sizes: Counter[str] = Counter()
        for label, text in examples:
            seen.setdefault(label, Counter()).update(_pieces(text))
            sizes[label] += 1
        # A piece no example of a label has costs the same for all pieces, so only seen pairs are stored.
        self._unseen = {label: math.log(_SMOOTHING / (size + 2 * _SMOOTHING)) for label, size in sizes.items()}
        self._gains: dict[str, tuple[tuple[str, float], ...]] = {}
        for piece in set().union(*seen.values()):
            self._gains[piece] = tuple(
                (label, math.log((counts[piece] + _SMOOTHING) / _SMOOTHING))
                for label, counts in seen.items()
                if piece in counts
            )

    def scores(self, text: str) -> Mapping[str, float]:
        """Return the log-likelihood of each label less the best one's; all 0 for a text without a known piece."""
        known = [gains for piece in _pieces(text) if (gains := self._gains.get(piece))]
        likelihood = {label: unseen * len(known) for label, unseen in self._unseen.items()}
        for gains in known:
            for label, gain in gains:
                likelihood[label] += gain
        best = max(likelihood.values(), default=0.0)
        share = min(1.0, _PLENTY / max(1, len(known)))
        return {label: (value - best) * share for label, value in likelihood.items()}


@cache
def worked_examples(name: str = "examples_zh.tsv") -> Resemblance:
    """Return the resemblance to the packaged examples; read once per process."""
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines if line)
    return Resemblance((label, text.replace("\\n", "\n")) for label, _, text in rows)
