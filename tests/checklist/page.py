"""The page of the checklist: every plugin that ships with Yingda, every rule, done or exempt with its reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from shared.plugins import KINDS
from tests.checklist.builtin import ROOT, BuiltIn, built_in
from tests.checklist.rules import RULES, Rule

PAGE: Final = ROOT / "docs" / "plugins" / "checklist.md"
EXEMPT: Final = ROOT / "tests" / "checklist" / "exempt.yaml"

HEAD: Final = """\
# What a plugin that ships with Yingda is held to

Written by `python -m tests.checklist`, which looks at every plugin; `make check` fails where a rule is neither fulfilled nor exempted
with a reason (`tests/checklist/exempt.yaml`), and where an exemption is not needed any more. Whoever writes a plugin elsewhere can go
by the same rules: most of them are in the contract suites ([plugins.md](../plugins.md)).

"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A plugin and a rule that applies to it: the fault that was found, and why it is exempt."""

    plugin: BuiltIn
    rule: Rule
    fault: str | None
    exempt: str | None

    @property
    def wrong(self) -> str | None:
        """What has to be done about it, None where nothing has."""
        place = f"{self.plugin.key}: {self.rule.name}"
        if self.fault is not None and self.exempt is None:
            return f"{place}: {self.fault}"
        if self.fault is None and self.exempt is not None:
            return f"{place}: is fulfilled, so it needs no exemption"
        return None


def findings() -> list[Finding]:
    """Look at everything."""
    exempt: Mapping[str, Mapping[str, str]] = yaml.safe_load(EXEMPT.read_text(encoding="utf-8")) or {}
    found = [
        Finding(one, rule, rule.look(one), exempt.get(one.key, {}).get(rule.name))
        for one in built_in()
        for rule in RULES
        if one.kind in rule.kinds
    ]
    known = {(finding.plugin.key, finding.rule.name) for finding in found}
    stray = [f"{key}: {name}" for key, reasons in exempt.items() for name in reasons if (key, name) not in known]
    if stray:
        raise ValueError(f"{EXEMPT.name} speaks of what there is not: {', '.join(stray)}")
    return found


def page(found: list[Finding]) -> str:
    """Return the text of the page."""
    return HEAD + "\n".join([*_rules(), *_tables(found), *_reasons(found)]) + "\n"


def _rules() -> Iterator[str]:
    yield from ("| rule | |", "|---|---|")
    yield from (f"| {rule.name} | {rule.says} |" for rule in RULES)


def _tables(found: list[Finding]) -> Iterator[str]:
    for kind in KINDS:
        own = [finding for finding in found if finding.plugin.kind == kind]
        rules = [rule.name for rule in RULES if kind in rule.kinds]
        yield from (f"\n## {kind}\n", f"| | {' | '.join(rules)} |", f"|---{'|---' * len(rules)}|")
        for name in dict.fromkeys(finding.plugin.name for finding in own):
            marks = {one.rule.name: "exempt" if one.exempt else "done" for one in own if one.plugin.name == name}
            yield f"| `{name}` | {' | '.join(marks[rule] for rule in rules)} |"


def _reasons(found: list[Finding]) -> Iterator[str]:
    reasons = [finding for finding in found if finding.exempt]
    if reasons:
        yield from ("\n## Why exempt\n", "| plugin | rule | reason |", "|---|---|---|")
        yield from (f"| {one.plugin.key} | {one.rule.name} | {one.exempt} |" for one in reasons)
