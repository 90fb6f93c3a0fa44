"""The rules as they are read from `rules_zh.yaml`: vocabularies expanded, patterns compiled, everything checked once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from services.routing.ports import AnyOf, Gated, Gates

_WORD = re.compile(r"<([a-z_]+)>")
_TABLES: Final = {"object": "objects", "act": "acts", "direct": "direct"}
"""What the rows of a table are called by labels, and the table."""
_ALONE = re.compile(r"(?:(?<=^)|(?<=\|))<([a-z_]+)>(?=\||$)")


@dataclass(frozen=True, slots=True)
class Rule:
    """Adds `weight` when its pattern occurs (or always, without one) and its cues allow."""

    row: str
    """What it speaks for: a kind of table and the name of a row of it."""
    weight: float
    pattern: re.Pattern[str] | None
    bits: int
    """Those of its pattern behind the gates."""
    needs: frozenset[str]
    unless: frozenset[str]

    def word(self, text: str) -> str:
        """Return what of `text` the pattern matches first; the empty string where there is no pattern or no match."""
        found = self.pattern.search(text) if self.pattern is not None else None
        return found.group() if found is not None else ""


@dataclass(frozen=True, slots=True)
class Label:
    """A category with topic, and the object and act whose scores make it up."""

    category: str
    topic: str | None
    subject: str | None
    acts: tuple[str, ...]
    bias: float


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of one language."""

    masks: tuple[tuple[Gated, str], ...]
    cues: Mapping[str, AnyOf]
    rules: tuple[Rule, ...]
    """In the order of their bits."""
    labels: Mapping[str, Label]
    unmentioned: float
    gates: Gates
    """What rules and cues are behind."""
    veils: Gates
    """What the masks are behind."""
    concrete: re.Pattern[str]
    """Whether goods can be told from the text; it reads the text unmasked."""


def _expand(pattern: str, words: Mapping[str, str]) -> str:
    # A vocabulary that stands alone between bars needs no group, and without one the engine skips by first character.
    while _WORD.search(pattern):
        pattern = _ALONE.sub(lambda found: words[found.group(1)], pattern)
        pattern = _WORD.sub(lambda found: f"(?:{words[found.group(1)]})", pattern)
    return pattern


def _rules(data: Mapping[str, Any], words: Mapping[str, str], gates: Gates) -> tuple[Rule, ...]:
    rows = ((f"{kind} {name}", row) for kind in _TABLES for name, rows in data[_TABLES[kind]].items() for row in rows)
    return tuple(
        Rule(
            row=name,
            weight=float(row["w"]),
            pattern=gates.compiled(pattern) if pattern else None,
            bits=gates.guard(pattern),
            needs=frozenset(row.get("if", ())),
            unless=frozenset(row.get("unless", ())),
        )
        for name, row in rows
        for pattern in (_expand("|".join(row.get("any", ())), words),)
    )


def _label(name: str, row: Mapping[str, Any]) -> Label:
    category, _, topic = name.partition("/")
    return Label(
        category, topic or None, row.get("object"), tuple(str(row.get("act", "")).split()), float(row.get("bias", 0.0))
    )


@cache
def rulebook(name: str = "rules_zh.yaml") -> Rulebook:
    """Return the compiled rules of a packaged rule file; read once per process."""
    data = yaml.safe_load(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    words: dict[str, str] = data["words"]
    unknown = {
        cue
        for part in _TABLES.values()
        for rows in data[part].values()
        for row in rows
        for cue in (*row.get("if", ()), *row.get("unless", ()))
    } - set(data["cues"])
    if unknown:
        raise ValueError(f"{name}: no such cues: {', '.join(sorted(unknown))}")
    gates, veils = Gates(), Gates()
    return Rulebook(
        rules=_rules(data, words, gates),
        masks=tuple((veils.add(_expand(row["match"], words)), row["with"]) for row in data["masks"]),
        cues={cue: AnyOf(_expand(pattern, words), gates) for cue, pattern in data["cues"].items()},
        labels={label: _label(label, row) for label, row in data["labels"].items()},
        unmentioned=float(data["unmentioned"]),
        gates=gates,
        veils=veils,
        concrete=re.compile(_expand(data["concrete"], words)),
    )
