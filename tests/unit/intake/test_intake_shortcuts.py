"""The short ways that most contacts take come out where the long ones do."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import provenance
from services.intake.domain.provenance import screen
from services.intake.handlers.identifiers import normal_phone
from shared.events import Contact
from shared.events.storable import is_storable, storable
from shared.policy import load_policy
from shared.testing.clock import MONDAY
from tests.examples import examples

POLICY = load_policy()

odd_texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(["NaN", "\\u0000", "Infinity"])
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd_texts, inner, max_size=4),
    max_leaves=12,
)


def walked(value: Any) -> Any:
    """What can be stored of `value`, by a walk through all of it."""
    if isinstance(value, str):
        return "".join(char for char in value if char != "\0" and not "\ud800" <= char <= "\udfff")
    if isinstance(value, dict):
        return {walked(key): walked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [walked(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@settings(max_examples=examples(500))
@given(any_json)
def test_what_can_be_stored_is_told_without_a_walk(value: Any) -> None:
    """R-IN-02: whatever JSON it is, what is stored of it is the same."""
    assert storable(value) == walked(value)
    assert not is_storable(value) or storable(value) is value


@settings(max_examples=examples(2000))
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_is_what_the_library_makes_of_it(number: str) -> None:
    """R-IN-04, R-FB-08: a blank before it sends it through `phonenumbers`."""
    assert normal_phone(number) == normal_phone(f" {number}")


def test_mobile_numbers_of_every_series_are_what_the_library_makes_of_them() -> None:
    for series in range(1300, 2000):
        number = f"{series}0123456"
        assert normal_phone(number) == normal_phone(f" {number}")


words = st.text(max_size=6)
values = words | st.integers() | st.none() | st.dictionaries(words, words, max_size=2)
marked = st.fixed_dictionaries({"value": words, "provenance": st.sampled_from(["volunteered", "crm", "", None])})
forms = st.fixed_dictionaries(
    {"customer": st.dictionaries(st.sampled_from(["name", "phone", "wechat", "provenance"]), words | marked)},
    optional={
        "details": st.dictionaries(st.sampled_from(["order_no", "demand", "provenance"]), values | marked),
        "note": values | marked,
        "provenance": words,
    },
)


@settings(max_examples=examples(500))
@given(forms)
def test_a_contact_without_any_marking_needs_no_sieve(form: dict[str, Any]) -> None:
    """R-IN-03: what is kept, with which provenance, and what is dropped is as if each detail had been looked at."""
    contact = Contact.model_validate({"occurred_at": MONDAY, "text": "空调不制冷", **form})
    short = screen(contact, POLICY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provenance, "_PLAIN", frozenset())
        assert screen(contact, POLICY) == short
