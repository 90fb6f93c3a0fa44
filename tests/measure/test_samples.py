"""Thresholds on the labelled samples beside the repository; collected only where those are present."""

import pytest

from services.routing.plugins.rules import RulesClassifier

from . import figures
from .samples import DATA, load

if DATA.exists():

    def test_odd_half_of_the_sample_reaches_its_department_and_category() -> None:
        """R-RT-01, R-RT-02: rules were written from the even half; the odd half judges them."""
        found = figures.accuracy(load("contacts.zh.jsonl", parity=1), RulesClassifier())
        assert found.department >= 0.93, found.confused
        assert found.category >= 0.88, found.confused

    def test_real_text_reaches_its_department_and_category() -> None:
        """R-RT-01, R-RT-02."""
        found = figures.accuracy(load("real.zh.jsonl"), RulesClassifier())
        assert found.department >= 0.85, found.confused
        assert found.category >= 0.75, found.confused

    def test_confident_suggestions_are_more_often_right() -> None:
        """R-RT-01: below a threshold a person decides, so confidence has to mean something."""
        found = figures.accuracy(load("contacts.zh.jsonl", parity=1) + load("real.zh.jsonl"), RulesClassifier())
        (_, _, all_right), *_, (_, _, sure_right) = found.confident
        assert sure_right >= all_right

    def test_missing_fields_of_the_odd_half_are_met() -> None:
        """R-IN-07."""
        exact, _ = figures.register(load("contacts.zh.jsonl", parity=1))
        assert exact >= 0.9

    @pytest.mark.parametrize("parity", [0, 1])
    def test_sensitive_matters_are_found(parity: int) -> None:
        """R-RT-05."""
        earlier = figures.earlier_complaints(load("contacts.zh.jsonl"))
        scores = figures.sensitivity(load("contacts.zh.jsonl", parity=parity), earlier)
        assert scores.recall >= 0.9
        assert scores.precision >= 0.85

    def test_sensitive_real_text_is_found() -> None:
        """R-RT-05."""
        scores = figures.sensitivity(load("real.zh.jsonl"), {})
        assert scores.recall >= 0.85
        assert scores.precision >= 0.85

    def test_grades_are_met() -> None:
        """R-RT-04."""
        assert figures.grades(load("contacts.zh.jsonl")) >= 0.97
        assert figures.grades(load("real.zh.jsonl")) >= 0.97
