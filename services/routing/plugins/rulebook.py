"""The rules as they are read from `rules_zh.yaml`: vocabularies expanded, patterns compiled, everything checked once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from services.routing.ports import Gated, Gates, Wordings

_WORD = re.compile(r"<([a-z_]+)>")
_ALONE = re.compile(r"(?:(?<=^)|(?<=\|))<([a-z_]+)>(?=\||$)")


@dataclass(frozen=True, slots=True)
class Rule:
    """Adds `weight` when its pattern occurs (or always, without one) and its cues allow."""

    weight: float
    pattern: Gated | None
    needs: frozenset[str]
    unless: frozenset[str]

    def evidence(self, text: str, holds: Callable[[str], bool]) -> str | None:
        """Return what matched, the empty string for a rule without a pattern, or None where the rule does not apply."""
        if self.needs and not all(map(holds, self.needs)):
            return None
        word = ""
        if self.pattern is not None:
            found = self.pattern.pattern.search(text)
            if found is None:
                return None
            word = found.group()
        if self.unless and any(map(holds, self.unless)):
            return None
        return word


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
    cues: Mapping[str, Wordings]
    objects: Mapping[str, tuple[Rule, ...]]
    acts: Mapping[str, tuple[Rule, ...]]
    direct: Mapping[str, tuple[Rule, ...]]
    labels: Mapping[str, Label]
    unmentioned: float
    gates: Gates
    """What all patterns are behind."""
    concrete: Wordings
    """Whether goods can be told from the text; it reads the text unmasked."""


def _expand(pattern: str, words: Mapping[str, str]) -> str:
    # A vocabulary that stands alone between bars needs no group, and without one the engine skips by first character.
    while _WORD.search(pattern):
        pattern = _ALONE.sub(lambda found: words[found.group(1)], pattern)
        pattern = _WORD.sub(lambda found: f"(?:{words[found.group(1)]})", pattern)
    return pattern


def _rules(
    tables: Mapping[str, list[Mapping[str, Any]]], words: Mapping[str, str], gates: Gates
) -> dict[str, tuple[Rule, ...]]:
    return {
        name: tuple(
            Rule(
                weight=float(row["w"]),
                pattern=gates.add(_expand("|".join(row["any"]), words)) if "any" in row else None,
                needs=frozenset(row.get("if", ())),
                unless=frozenset(row.get("unless", ())),
            )
            for row in rows
        )
        for name, rows in tables.items()
    }


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
        for part in ("objects", "acts", "direct")
        for rows in data[part].values()
        for row in rows
        for cue in (*row.get("if", ()), *row.get("unless", ()))
    } - set(data["cues"])
    if unknown:
        raise ValueError(f"{name}: no such cues: {', '.join(sorted(unknown))}")
    gates = Gates()
    return Rulebook(
        masks=tuple((gates.add(_expand(row["match"], words)), row["with"]) for row in data["masks"]),
        cues={cue: Wordings(_expand(pattern, words), gates, apart=False) for cue, pattern in data["cues"].items()},
        objects=_rules(data["objects"], words, gates),
        acts=_rules(data["acts"], words, gates),
        direct=_rules(data["direct"], words, gates),
        labels={label: _label(label, row) for label, row in data["labels"].items()},
        unmentioned=float(data["unmentioned"]),
        gates=gates,
        concrete=Wordings(_expand(data["concrete"], words), gates, apart=False),
    )
