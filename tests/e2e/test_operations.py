"""What `docs/operations.md` says to do every day, pasted beside the suite that each chapter starts."""

from pathlib import Path

import pytest

from tests.e2e.pasting import wrong_in
from tests.e2e.walkthrough import Chapter, chapters

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.slow_operations
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "chapter", [one for one in chapters(PAGE) if one.start], ids=lambda chapter: chapter.title.replace(" ", "-")
)
def test_the_blocks_do_what_the_page_says(chapter: Chapter, tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    wrong = wrong_in(chapter, tmp_path)
    assert not wrong, "\n".join(wrong)
