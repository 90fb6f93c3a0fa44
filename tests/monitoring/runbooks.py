"""Reads `docs/runbooks/`: the blocks that a page asks its reader to paste, and whether they only look."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RUNBOOKS: Final = Path(__file__).parents[2] / "docs" / "runbooks"
_FENCE: Final = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a block: a command, or an expression."""

    page: str
    kind: str
    text: str
    looks: bool
    """Whether it stands under "Look at", and so changes nothing and can be pasted as it is."""


def pages() -> Iterator[Path]:
    """Yield the page of each alert."""
    yield from sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")


def lines() -> Iterator[Line]:
    """Yield every line of every block, without the remark behind it."""
    for path in pages():
        text = path.read_text(encoding="utf-8")
        look, do = text.index("**Look at**"), text.index("**Do**")
        for fence in _FENCE.finditer(text):
            for line in fence["body"].splitlines():
                bare = re.sub(r"\s+# .*$", "", line).strip()
                if bare:
                    yield Line(path.stem, fence["kind"], bare, look < fence.start() < do)
