"""Which dead letters have the same fault (R-IN-08): what is particular to a message makes no cause of its own."""

import pytest

from shared.cli.letter_cause import cause_of, pattern_of

SAME = [
    (
        "the body is not JSON: expected value at line 1 column 1",
        "the body is not JSON: expected value at line 3 column 17",
    ),
    (
        "the contact cannot be read: details.items.3.price: Input should be a valid number",
        "the contact cannot be read: details.items.3.price: Input should be a valid number; details.items.12.price: Input should be a valid number",
    ),
    ("there is no work order 0197a3c2-3b1e-7cc1-8f00-9b2d4e5f6071", "there is no work order wo-17"),
    ("the number XR20261123001 is taken", "the number XR20261124999 is taken"),
]
OTHERS = [
    "the handler failed: ValueError at services/routing/handlers/contacts.py:105",
    "the handler failed: ValueError at services/routing/handlers/contacts.py:106",
    "the handler failed: KeyError at services/routing/handlers/contacts.py:105",
    "the data is not a yingda.workorder.opened.v1: number: Field required",
    "the data is not a yingda.workorder.opened.v2: number: Field required",
    "the data is not a yingda.workorder.opened.v1: cycle: Field required",
    'no plugin for channel "fax" is installed',
    'no plugin for channel "telex" is installed',
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_particular_to_a_message_is_no_other_cause(one: str, other: str) -> None:
    assert cause_of("intake", one) == cause_of("intake", other)


def test_another_place_type_field_or_service_is_another_cause() -> None:
    causes = [cause_of("intake", reason) for reason in OTHERS] + [cause_of("sla", OTHERS[0])]
    assert len(set(causes)) == len(causes)


def test_a_pattern_reads_as_the_reason_does() -> None:
    assert pattern_of(OTHERS[0]) == OTHERS[0]
    assert pattern_of(SAME[0][1]) == "the body is not JSON: expected value at line # column #"
    envelope = 'the envelope is not CloudEvents 1.0: specversion must be "1.0"'
    assert pattern_of(envelope) == envelope
