"""Reads a page whose blocks are to be pasted: chapters, the suite that each starts, its steps and what must be seen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "walkthrough.md"
_FENCE: Final = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One block to paste, the heading it stands under, and the lines that its output must hold, in order."""

    heading: str
    script: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A suite to start, with its environment, and the steps on it; `start` is empty where they need none."""

    title: str
    start: str
    steps: tuple[Step, ...]


def chapters(page: Path = PAGE) -> Iterator[Chapter]:
    """Yield the chapters: a `sh up` block starts the suite, a `sh` block is a step, a `text` block what it shows."""
    for part in page.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        start, steps, heading = "", [], title
        for piece in re.split(r"(?m)^(?=### )", body):
            heading = piece.partition("\n")[0].removeprefix("### ") if piece.startswith("### ") else title
            for fence in _FENCE.finditer(piece):
                kind = fence["info"].strip()
                if kind == "sh up":
                    start = fence["body"]
                elif kind == "sh":
                    steps.append(Step(heading, fence["body"], ()))
                elif kind == "text":
                    last = steps.pop()
                    steps.append(Step(last.heading, last.script, tuple(filter(None, fence["body"].splitlines()))))
        if start or steps:
            yield Chapter(title, start, tuple(steps))


def missing(expected: tuple[str, ...], output: str) -> str | None:
    """Return the first expected line that the output does not hold after the one before; `…` stands for anything."""
    at = 0
    for line in expected:
        pattern = ".*?".join(re.escape(piece) for piece in line.strip().split("…"))
        found = re.compile(pattern).search(output, at)
        if found is None:
            return line
        at = found.end()
    return None
