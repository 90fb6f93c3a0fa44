"""Gates spare work and change nothing: whatever the text, what lies behind a closed gate would not have matched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.gated import Gated, Gates, alternatives, gate_of
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


def _every_wording() -> list[Gated]:
    tables = (BOOK.objects, BOOK.acts, BOOK.direct)
    rules = [rule.pattern for t in tables for rows in t.values() for rule in rows if rule.pattern is not None]
    parts = [part for one in (*BOOK.cues.values(), BOOK.concrete) for part in one.parts]
    return [*rules, *parts, *(mask for mask, _ in BOOK.masks)]


@pytest.mark.slow
def test_no_rule_is_lost_behind_its_gate() -> None:
    """R-RT-01: on every invented contact the wordings that match are all among those that were opened."""
    every = _every_wording()
    for text in TEXTS:
        closed = set(every) - BOOK.gates.opened(text).may
        assert not [one.pattern.pattern for one in closed if one.pattern.search(text)]


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
    gates = Gates()
    gated, single = gates.add(pattern), [gates.add(part) for part in parts]
    opened = gates.opened(text)
    found = re.search(pattern, text)
    assert (found is not None) == (gated in opened.may and gated.pattern.search(text) is not None)
    assert all(one.pattern.search(text) for one in opened.sure)
    assert (found is not None) == any(one.pattern.search(text) for one in opened.may.intersection(single))
