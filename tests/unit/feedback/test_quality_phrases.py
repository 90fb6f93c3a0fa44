"""R-FB-06: forbidden phrases and evasions are found however they are written, and not where they are none."""

import pytest

from services.feedback.domain.quality.inspect import Inspector
from shared.policy import load_policy
from tests.unit.feedback.quality_clean import CLEAN
from tests.unit.feedback.quality_found import FOUND

POLICY = load_policy().feedback.quality
INSPECTOR = Inspector(POLICY)


def test_there_are_enough_texts_each_way() -> None:
    """R-FB-06: the tables were written before the rules were tuned."""
    assert sum(len(texts) for texts in FOUND.values()) >= 150
    assert len(set(CLEAN)) >= 150
    assert set(FOUND) <= {*POLICY.forbidden, *POLICY.evasions}


@pytest.mark.parametrize("phrase", FOUND)
def test_what_is_said_is_found(phrase: str) -> None:
    """R-FB-06."""
    missed = [text for text in FOUND[phrase] if phrase not in {one.phrase for one in INSPECTOR.findings(text)}]
    assert missed == []


def test_what_is_none_is_not_found() -> None:
    """R-FB-06: other senses, quotations, denials, other people's words, good answers."""
    wrong = {text: [one.phrase for one in found] for text in CLEAN if (found := INSPECTOR.findings(text))}
    assert wrong == {}
