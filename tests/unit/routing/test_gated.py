"""Gates spare work and change nothing: whatever the text, what lies behind a closed gate would not have matched."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.gated import Gates, each
from services.routing.domain.needed import alternatives, gate_of, gates_of
from services.routing.domain.neighbours import neighbours
from services.routing.domain.pieces import Pieces
from services.routing.plugins.rulebook import rulebook
from tests.examples import examples
from tests.measure import invented

BOOK = rulebook()
TEXTS = [one.matter.plain.lower() for one in invented.contacts()]
ALPHABET = "退货款没有人管修好了坏ab 0。,[]a_客服投诉多少钱吗"


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        ("退货|退款", {"退货", "退款"}),
        ("(?:要|想)退货", {"退货"}),
        ("多少?钱", {"多", "钱"}),
        ("[退换]货?", {"退", "换"}),
        (r"\d+台", {"台"}),
        ("(?<!不)要(?:修|换)", {"要"}),
        (r"\d+", None),
        ("退|[^a]", None),
        ("(?:退)?", None),
    ],
)
def test_a_gate_is_what_the_pattern_cannot_do_without(pattern: str, pieces: set[str] | None) -> None:
    gate = gate_of(pattern)
    assert gate is None if pieces is None else gate is not None
    assert not pieces or set(gate or ()) <= pieces


def test_alternatives_stand_outside_of_brackets() -> None:
    assert alternatives(r"a|(?:b|c)|[|]|\||") == ["a", "(?:b|c)", "[|]", r"\|", ""]


def test_a_match_passes_each_of_several_gates() -> None:
    assert [set(gate) for gate in gates_of("(?:给我|要)[^。]{0,9}(?:退货|退款)吗?")] == [
        {"退货", "退款"},
        {"给我", "要"},
    ]


@pytest.mark.slow
def test_no_rule_is_lost_behind_its_gate() -> None:
    """R-RT-01: on every invented contact the rules and masks that match are all among those that were opened."""
    rules = [(rule.bits, rule.pattern) for rule in BOOK.rules if rule.pattern is not None]
    for text in TEXTS:
        opened, veils = BOOK.gates.opened(text), BOOK.veils.opened(text)
        for bits, pattern in rules:
            assert bits & opened.may or not pattern.search(text), pattern
            assert not bits & opened.sure or pattern.search(text), pattern
        assert not [mask for mask, _ in BOOK.masks if not mask.bits & veils.may and mask.pattern.search(text)]


def test_a_cue_holds_where_its_pattern_matches() -> None:
    """R-RT-01: on every invented contact."""
    for text in TEXTS:
        opened = BOOK.gates.opened(text)
        for name, cue in BOOK.cues.items():
            assert cue.are_in(text, opened) == (re.search(cue.pattern, text) is not None), name


@given(st.text("ab退货款\U0001f600\U0001f601\ud800", max_size=8), st.text(max_size=8))
def test_neighbours_have_one_number_each(text: str, other: str) -> None:
    whole = text + other
    numbers = neighbours(whole)
    pairs = list(pairwise(min(char, "\uffff") for char in whole))
    assert len(numbers) == len(pairs)
    assert len(set(numbers)) == len(set(pairs)) == len(set(zip(numbers, pairs, strict=True)))


@given(st.lists(st.text(ALPHABET, min_size=1, max_size=2), max_size=6), st.text(ALPHABET, max_size=20))
def test_pieces_are_found_where_they_are(wanted: list[str], text: str) -> None:
    pieces = Pieces()
    for piece in wanted:
        pieces.add(piece)
    assert sorted(pieces.found(text)) == sorted({piece for piece in wanted if piece in text})


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "退货",
                "退(?:货|款)",
                "[退换]货",
                "人?管",
                "没有(?:人|客服)管?",
                "(?<!没)有人",
                "a{1,2}b",
                "多少|钱吗",
                "a+b",
                "x*",
            ]
        ),
        min_size=1,
        max_size=4,
    ),
    st.text(ALPHABET, max_size=12),
)
def test_a_gate_never_hides_a_match(parts: list[str], text: str) -> None:
    pattern = "|".join(parts)
    gates = Gates(Pieces())
    gated, single = gates.add(pattern), {(added := gates.add(part)).bits: added.pattern for part in parts}
    opened = gates.opened(text)
    found = re.search(pattern, text) is not None
    assert found == (bool(gated.bits & opened.may) and gated.pattern.search(text) is not None)
    assert found or not gated.bits & opened.sure
    assert all(single[bit].search(text) for bit in each(opened.sure & sum(single)))
    assert found == any(single[bit].search(text) for bit in each(opened.may & sum(single)))


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.sampled_from(["退", "投诉", "a+", "(?:人|没)管?", "[,。]"]), min_size=1, max_size=3),
    st.lists(st.sampled_from(["退货", "货款", "a没", "没有人", "修好?了", "b"]), min_size=1, max_size=3),
    st.sampled_from(["", "a", "没有"]),
    st.text(ALPHABET, max_size=14),
    st.text(ALPHABET, max_size=3),
)
def test_what_is_told_of_a_changed_text_is_what_a_new_look_tells(
    out: list[str], left: list[str], instead: str, text: str, more: str
) -> None:
    """What is sure is in the text that is left, not only in the one that was."""
    gates = Gates(Pieces())
    mask = gates.add("|".join(out))
    for part in left:
        gates.add(part)
    opened = gates.opened(text)
    spans = [found.span() for found in mask.pattern.finditer(text)]
    if spans:
        text, opened = gates.replaced(text, spans, instead, opened)
    text, opened = gates.longer(text, more, opened)
    again = gates.opened(text)
    assert (opened.may, opened.sure) == (again.may, again.sure)
