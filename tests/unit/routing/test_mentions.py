"""Wordings behind gates find what their whole pattern would, wherever and however often (R-RT-05)."""

import re
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain import safety_more, safety_words, sensitive_more, sensitive_words
from services.routing.domain.gated import Gates
from services.routing.domain.mentions import Wordings
from services.routing.domain.pieces import Pieces
from tests.examples import examples
from tests.measure import invented

GATES = Gates(ignoring_case=True)
PATTERNS = [
    f"{safety_words.HARM}|{safety_more.HARM}",
    f"{safety_words.RISK}|{safety_more.RISK}",
    f"{sensitive_words.REGULATOR}|{sensitive_more.REGULATOR}",
    f"{sensitive_words.GROUP_ACTION}|{sensitive_more.GROUP_ACTION}",
    f"{sensitive_words.REPEATED}|{sensitive_more.REPEATED}",
]
WORDINGS = [(re.compile(pattern, re.IGNORECASE), Wordings(pattern, GATES)) for pattern in PATTERNS]
TEXTS = [one.matter.plain for one in invented.contacts()]


def _spans(matches: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    return [match.span() for match in matches]


def test_sensitive_words_are_found_as_by_one_long_pattern() -> None:
    """R-RT-05: on every invented contact."""
    for text in TEXTS:
        opened = GATES.opened(text)
        for whole, wordings in WORDINGS:
            assert _spans(wordings.found(text, opened)) == _spans(whole.finditer(text)), text


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3), st.integers(0, 20), st.integers(0, 40))
def test_also_in_pieces_of_contacts_put_together(parts: list[str], start: int, length: int) -> None:
    text = "".join(part[start : start + length] for part in parts).upper()
    opened = GATES.opened(text)
    for whole, wordings in WORDINGS:
        assert _spans(wordings.found(text, opened)) == _spans(whole.finditer(text))
        assert wordings.are_in(text, opened) == (whole.search(text) is not None)


SMALL = ["ab", "b", "a(?:c|d)", "[ad]b", "ca?b", "(?<!c)b", "ka+", "i"]


@settings(max_examples=examples(500), deadline=None)
@given(
    st.lists(st.sampled_from(SMALL), min_size=1, max_size=4),
    st.lists(st.sampled_from(SMALL), min_size=1, max_size=3),
    st.text("abcdABCDkK\u212aiıİſ ", max_size=14),
)
def test_what_is_taken_out_leaves_what_can_still_be_found(out: list[str], left: list[str], text: str) -> None:
    """Where something is taken out, new neighbours may say something: they are found, too."""
    gates = Gates(Pieces(), ignoring_case=True)
    first, second = Wordings("|".join(out), gates), Wordings("|".join(left), gates)
    wanted = re.sub("|".join(out), "", text, flags=re.IGNORECASE)
    rest, opened = first.taken_out(text, gates.opened(text))
    assert rest == wanted
    assert _spans(second.found(rest, opened)) == _spans(re.finditer("|".join(left), wanted, re.IGNORECASE))
    assert second.are_in(rest, opened) == (re.search("|".join(left), wanted, re.IGNORECASE) is not None)
