"""Held-out folds of the samples: departments, categories, emergencies and sensitive matters; collected where the samples are."""

import re

import pytest

from services.routing.plugins.resemblance import packaged_examples
from services.routing.plugins.rules import RulesClassifier
from services.routing.ports import plain

from . import folds
from .samples import DATA, load

_NOT_WORDS = re.compile(r"[\W\d_]+")
_TOO_NEAR = 0.6
_SAID = 5
"""Of fewer pairs of characters many are the same by chance."""

if DATA.exists():

    @pytest.mark.parametrize("by_text", [False, True])
    def test_held_out_folds_reach_department_category_and_what_must_not_be_missed(by_text: bool) -> None:
        """R-RT-01, R-RT-02, R-RT-05: 96 % department, 93 % category, 98 % of emergencies and sensitive matters."""
        found = folds.shares(
            folds.held_out(load("contacts.zh.jsonl"), load("real.zh.jsonl"), by_text=by_text),
        )
        assert found.department >= 0.96
        assert found.category >= 0.93
        assert found.emergency.recall >= 0.98
        assert found.sensitive.recall >= 0.98
        assert found.emergency.precision >= 0.9
        assert found.sensitive.precision >= 0.9

    @pytest.mark.parametrize("name", ["contacts.zh.jsonl", "real.zh.jsonl"])
    def test_what_ships_reaches_them_on_either_file(name: str) -> None:
        """R-RT-01, R-RT-02, R-RT-05: with the weight that ships."""
        found = folds.shares(folds.decided_by(RulesClassifier(), load(name)))
        assert found.department >= 0.96
        assert found.category >= 0.93
        assert found.emergency.recall >= 0.98
        assert found.sensitive.recall >= 0.98

    def test_no_worked_example_is_a_line_of_the_samples_in_disguise() -> None:
        """R-RT-01: what measures must not teach."""
        lines = [_pairs(one.matter.text) for name in ("contacts.zh.jsonl", "real.zh.jsonl") for one in load(name)]
        near = [
            text
            for _, text in packaged_examples()
            if len(told := _pairs(text)) > _SAID and any(_alike(told, line) for line in lines)
        ]
        assert near == []


def _alike(told: set[str], line: set[str]) -> bool:
    fewer, more = sorted((len(told), len(line)))
    return fewer >= _TOO_NEAR * more and len(told & line) >= _TOO_NEAR * len(told | line)


def _pairs(text: str) -> set[str]:
    words = _NOT_WORDS.sub("", plain(text).lower())
    return {words[at : at + 2] for at in range(len(words) - 1)}
