"""Resemblance is a naive Bayes, whatever its numbers are written in (R-RT-01)."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.plugins.resemblance import Resemblance
from tests.examples import examples
from tests.measure import invented

LABELS = ["after_sales/product", "complaint/product", "general"]
TEXTS = [one.matter.text for one in invented.contacts()]


def _pieces(text: str) -> set[str]:
    return {*text, *map("".join, pairwise(text))}


def _likelihoods(taught: list[tuple[str, str]], text: str) -> dict[str, float]:
    """Return what a naive Bayes says, written out: the log of (examples that have a piece + 0.01) / all, summed over pieces."""
    sizes = Counter(label for label, _ in taught)
    counts = {
        label: Counter(piece for own, told in taught if own == label for piece in _pieces(told)) for label in sizes
    }
    known = [piece for piece in _pieces(text) if any(counts[label][piece] for label in sizes)]
    told = {
        label: math.fsum(math.log((counts[label][piece] + 0.01) / (size + 0.02)) for piece in known)
        for label, size in sizes.items()
    }
    best = max(told.values())
    return {label: (value - best) * min(1.0, 60 / max(1, len(known))) for label, value in told.items()}


_CHARS = "退货款没人管修好了坏,😀"


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(LABELS), st.text(_CHARS[:-1], min_size=1, max_size=12)), min_size=1, max_size=9),
    st.text(_CHARS, max_size=90),
)
def test_it_says_what_the_sum_written_out_says(taught: list[tuple[str, str]], text: str) -> None:
    """R-RT-01."""
    assert dict(Resemblance(taught).scores(text)) == pytest.approx(_likelihoods(taught, text), abs=1e-9)


def test_the_order_of_what_was_taught_makes_no_difference() -> None:
    """R-RT-01: the same examples in another order give the same numbers to the last bit."""
    taught = [(LABELS[at % 3], text) for at, text in enumerate(TEXTS[:90])]
    one, other = Resemblance(taught), Resemblance(taught[::-1])
    assert [one.scores(text) for text in TEXTS[90:150]] == [other.scores(text) for text in TEXTS[90:150]]


def test_the_longest_text_does_not_overflow() -> None:
    """R-RT-01: as many different pieces as are looked at, each of them in every example of one label."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 600)))
    taught = [("general", text)] * 4000 + [("complaint/product", "退货")]
    pieces = 2 * 600 - 1
    apart = math.log(0.01 / 1.02) - math.log(4000.01 / 4000.02)
    wanted = {"general": 0.0, "complaint/product": apart * pieces * 60 / pieces}
    assert dict(Resemblance(taught).scores(text)) == pytest.approx(wanted, rel=1e-9)
