"""The rules of `docs/handbook.md`, and the places where a text names them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
HANDBOOK: Final = ROOT / "docs" / "handbook.md"

_GIST: Final = 90
_RULE: Final = re.compile(r"^- \*\*(?P<id>R-[A-Z]{2,3}-\d\d)\*\* (?P<text>.+)$", re.MULTILINE)
_SECTION: Final = re.compile(r"^## (?P<title>\d+\. .+)$", re.MULTILINE)
_MENTION: Final = re.compile(
    r"R-(?P<area>[A-Z]{2,3})-(?P<first>\d\d)"
    r"(?:\s+(?:to|and|or|–|…)\s+R-(?P=area)-(?P<last>\d\d))?"
    r"(?P<more>(?:(?:,| and|, and)\s+-\d\d)*)"
)
"""One rule, a range (`R-SLA-01 to R-SLA-05`), or a list (`R-SLA-03, -05`)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its number, the section it stands in, and its text."""

    id: str
    section: str
    text: str

    @property
    def gist(self) -> str:
        """The first clauses of the rule, at most some 90 characters long."""
        plain = re.sub(r"[*`]", "", self.text)
        clauses = re.split(r"(?<=[.;])\s", plain, maxsplit=1)
        clause = clauses[0].rstrip(".;")
        return clause if len(clause) <= _GIST else clause[:_GIST].rsplit(" ", 1)[0] + " …"


def rules(handbook: Path = HANDBOOK) -> tuple[Rule, ...]:
    """Return every rule of the handbook in its order."""
    text = handbook.read_text(encoding="utf-8")
    sections = [(found.start(), found["title"]) for found in _SECTION.finditer(text)]
    return tuple(
        Rule(
            found["id"],
            next(title for start, title in reversed(sections) if start < found.start()),
            found["text"].strip(),
        )
        for found in _RULE.finditer(text)
    )


def named_in(text: str) -> set[str]:
    """Return the numbers of the rules that `text` names; a range names every rule between its ends."""
    named: set[str] = set()
    for found in _MENTION.finditer(text):
        area, first = found["area"], int(found["first"])
        middle = found[0].removesuffix(found["more"])
        last = int(found["last"]) if found["last"] and re.search(r"\s(?:to|–|…)\s", middle) else None
        numbers = set(range(first, last + 1)) if last else {first, *([int(found["last"])] if found["last"] else [])}
        numbers |= {int(more) for more in re.findall(r"-(\d\d)", found["more"])}
        named |= {f"R-{area}-{number:02}" for number in numbers}
    return named
