"""The one written form of texts is the normalised, simplified one, however quickly it is come by."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.script import plain
from shared.script import simplified
from tests.examples import examples

_MARKS = "".join(chr(ord(mark) + 0xFEE0) for mark in ",:?!();Ab1")
_COMBINING = "\u0300\u0307\u0338\u3099"


@settings(max_examples=examples(500), deadline=None)
@given(st.text(st.sampled_from(f"{_MARKS}{_COMBINING},:?!();<=a1 要投訴退貨\ufb01…\n") | st.characters(), max_size=12))
def test_it_is_normalised_and_simplified(text: str) -> None:
    normal = unicodedata.normalize("NFKC", text)
    assert plain(text) == simplified(normal)
    assert plain(text) == "".join(map(simplified, normal))


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    assert plain("投" * 1_500 + "訴" * 4_000 + "退" * 500) == "投" * 1_500 + "\n" + "退" * 500
    assert plain("a" * 3_000) == "a" * 1_500 + "\n" + "a" * 500
