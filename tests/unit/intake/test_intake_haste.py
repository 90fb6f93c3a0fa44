"""Which contact cannot wait in a long queue: told from its bytes, for nothing but its turn (R-RT-04)."""

import json
from typing import Any

import pytest

from services.intake.domain.haste import Haste
from shared.policy import load_policy


def body(ascii_only: bool = False, **fields: Any) -> bytes:
    contact = {"text": "我上周买的空调不制冷，要求换货", "category": None, "emotion": "calm"} | fields
    return json.dumps({"data": contact}, ensure_ascii=ascii_only).encode()


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(
    "fields",
    [
        {"category": "emergency"},
        {"emotion": "anxious"},
        {"emotion": "impatient"},
        {"text": "店里有人晕倒了，快叫救护车"},
        {"text": "充电器冒烟了"},
        {"text": "My charger is on fire"},
        {"text": "再不处理我就找律师起诉"},
    ],
)
def test_marks_and_words_of_urgency_are_found_however_they_are_written(fields: Any, ascii_only: bool) -> None:
    assert Haste(load_policy())(body(ascii_only, **fields))


@pytest.mark.parametrize(
    "fields",
    [{}, {"category": "complaint"}, {"emotion": "dissatisfied"}, {"text": "emergency 和 anxious 是什么意思"}],
)
def test_everything_else_waits_for_its_turn(fields: Any) -> None:
    assert not Haste(load_policy())(body(**fields))


def test_what_no_adapter_should_send_is_no_trouble() -> None:
    assert not Haste(load_policy())(b"\xff\xfe\x00 no text at all")


def test_a_policy_without_words_has_its_marks_only() -> None:
    policy = load_policy()
    bare = policy.model_copy(update={"intake": policy.intake.model_copy(update={"cannot_wait": ()})})
    assert not Haste(bare)(body(text="有人晕倒了"))
    assert Haste(bare)(body(emotion="anxious"))
