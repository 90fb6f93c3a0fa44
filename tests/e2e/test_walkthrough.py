"""Every rule can be shown on a running suite through the contract alone: `docs/walkthrough.md`, block by block."""

from pathlib import Path

import pytest

from tests.e2e.pasting import wrong_in
from tests.e2e.walkthrough import PAGE, Chapter, chapters
from tests.handbook.rules import named_in, rules


def test_every_rule_is_shown() -> None:
    """Each rule of the handbook is named by the walkthrough."""
    shown = named_in(PAGE.read_text(encoding="utf-8"))
    assert [rule.id for rule in rules() if rule.id not in shown] == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("chapter", list(chapters()), ids=lambda chapter: chapter.title)
def test_the_blocks_do_what_the_page_says(chapter: Chapter, tmp_path: Path) -> None:
    """The blocks of a chapter, pasted one after another into a shell beside `yingda up`."""
    (tmp_path / "deploy").symlink_to(PAGE.parents[1] / "deploy")  # the page is read in a checkout
    wrong = wrong_in(chapter, tmp_path)
    assert not wrong, "\n".join(wrong)
