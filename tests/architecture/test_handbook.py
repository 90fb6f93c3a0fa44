"""The coverage page says what is so: how mentions are read, and that nothing is missing or invented."""

from pathlib import Path

import pytest

from tests.handbook.coverage import PAGE, Coverage, faults, page, proofs_in
from tests.handbook.rules import HANDBOOK, ROOT, named_in, rules

SPECIFIED = ROOT.parent / "shared" / "spec" / "handbook.md"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("R-IN-05", "R-IN-05"),
        ("R-RT-01 to R-RT-03", "R-RT-01 R-RT-02 R-RT-03"),
        ("R-SLA-03, -05", "R-SLA-03 R-SLA-05"),
        ("R-SLA-03 and -05", "R-SLA-03 R-SLA-05"),
        ("R-RT-06 and R-RT-07", "R-RT-06 R-RT-07"),
        ("R-RT-06 and R-RT-09", "R-RT-06 R-RT-09"),
        ("R-FB-01, R-NT-02", "R-FB-01 R-NT-02"),
        ("the years 2026-27, R-IN-1", ""),
    ],
)
def test_a_text_names_rules_one_by_one_as_a_list_or_as_a_range(text: str, named: str) -> None:
    assert named_in(text) == set(named.split())


def test_a_test_proves_what_its_own_docstring_name_or_parameters_name() -> None:
    source = '''"""A heading proves nothing: R-OB-01."""
@pytest.mark.parametrize("rule", ["R-IN-01"])
def test_parameters(rule): ...
def test_r_in_02_in_its_name(): ...
async def test_docstring():
    """R-IN-03: so it is."""
def helper():
    """R-IN-04"""
'''
    assert dict(proofs_in(source)) == {
        "test_parameters": {"R-IN-01"},
        "test_r_in_02_in_its_name": {"R-IN-02"},
        "test_docstring": {"R-IN-03"},
    }


def test_a_rule_without_home_or_test_and_a_page_that_drifted_are_named(tmp_path: Path) -> None:
    one, other, *_ = rules()
    bare = (Coverage(one, (), {}), Coverage(other, ("services/x.py",), {"tests/y.py": 1}))
    said = " ".join(faults(bare, PAGE))
    assert f"{one.id} lives nowhere" in said
    assert f"{one.id} is proved by nothing" in said
    assert f"{other.id} is proved" not in said
    assert "is not as generated" in said
    assert "**nowhere**" in page(bare)


def test_the_handbook_in_the_repository_is_the_one_that_was_given() -> None:
    """Where the specification is at hand: the copy in `docs` says the same, word for word."""
    assert len(rules()) > 50
    assert not SPECIFIED.exists() or HANDBOOK.read_text("utf-8") == SPECIFIED.read_text("utf-8")
