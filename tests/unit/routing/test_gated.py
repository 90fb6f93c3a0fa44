"""Gates spare work and change nothing: whatever the text, what lies behind a closed gate would not have matched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.gated import Gates, alternatives, gate_of
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


def _every_pattern() -> list[re.Pattern[str]]:
    tables = (BOOK.objects, BOOK.acts, BOOK.direct)
    rules = [rule.pattern.pattern for t in tables for rows in t.values() for rule in rows if rule.pattern is not None]
    return [*rules, *(mask.pattern for mask, _ in BOOK.masks)]


@pytest.mark.parametrize("text", TEXTS)
def test_no_rule_is_lost_behind_its_gate(text: str) -> None:
    """R-RT-01: on every invented contact the rules that match are all among those that were opened."""
    opened = {gated.pattern.pattern for gated in (*BOOK.gates.opened(text).may, *BOOK.masking.opened(text).may)}
    assert not [p.pattern[:60] for p in _every_pattern() if p.search(text) and p.pattern not in opened]


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
    gated, cue = gates.add(pattern), gates.add_cue(pattern)
    opened = gates.opened(text)
    found = re.search(pattern, text)
    assert (found is not None) == (gated in opened.may and gated.pattern.search(text) is not None)
    assert (found is not None) == opened.holds(cue, text)
