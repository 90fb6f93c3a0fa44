"""`python -m tests.handbook.coverage [--check]`: write the coverage page, or tell what is wrong with it.

A rule lives in the files that name it in a docstring, a comment or a text. It is proved by the tests that name it
themselves, in their own docstring, name or parameters; a heading over a whole file proves nothing.
"""

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.handbook.rules import ROOT, Rule, named_in, rules

PAGE: Final = ROOT / "docs" / "handbook-coverage.md"
HOMES: Final = ("services", "shared", "deploy")
TEXTS: Final = frozenset({".py", ".yaml", ".yml", ".json", ".md", ".j2", ".txt"})
NO_HOMES: Final = ("shared/contract/", "shared/cli/demo/")
HEADING: Final = """\
# Where every rule of the handbook lives, and which tests prove it

Generated from the code by `python -m tests.handbook.coverage`; `make check` fails where it is not as generated, or where
a rule has no home or no test. A test proves a rule when it names the rule itself. The rules: [handbook.md](handbook.md);
how each can be tried on a running suite: [walkthrough.md](walkthrough.md).
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The files that one rule lives in, and for each file of tests how many tests prove it."""

    rule: Rule
    homes: tuple[str, ...]
    tests: Mapping[str, int]


def coverage() -> tuple[Coverage, ...]:
    """Return what the checkout says about every rule."""
    homes = _homes()
    proofs = _proofs()
    return tuple(
        Coverage(rule, tuple(sorted(homes[rule.id])), dict(sorted(proofs[rule.id].items()))) for rule in rules()
    )


def page(found: Iterable[Coverage]) -> str:
    """Return the page."""
    lines = [HEADING]
    section = ""
    for one in found:
        if one.rule.section != section:
            section = one.rule.section
            lines += [f"\n## {section}\n", "| rule | lives in | proved by |", "|---|---|---|"]
        lives = "<br>".join(_link(path) for path in one.homes) or "**nowhere**"
        proved = "<br>".join(f"{_link(path)} ({count})" for path, count in one.tests.items()) or "**nothing**"
        lines.append(f"| **{one.rule.id}** {_cell(one.rule.gist)} | {lives} | {proved} |")
    return "\n".join(lines) + "\n"


def faults(found: Iterable[Coverage], written: Path = PAGE) -> Iterator[str]:
    """Yield one sentence for everything that is wrong with the coverage or its page."""
    found = tuple(found)
    known = {one.rule.id for one in found}
    for one in found:
        if not one.homes:
            yield f"{one.rule.id} lives nowhere: no file of {', '.join(HOMES)} names it."
        if not one.tests:
            yield f"{one.rule.id} is proved by nothing: no test names it."
    for path, named in _named(("services", "shared", "deploy", "tests")):
        if unknown := named - known:
            yield f"{path} names {', '.join(sorted(unknown))}, which the handbook does not have."
    if not written.exists() or written.read_text(encoding="utf-8") != page(found):
        yield f"{written.relative_to(ROOT)} is not as generated: run `python -m tests.handbook.coverage`."


def proofs_in(source: str) -> Iterator[tuple[str, set[str]]]:
    """Yield every test of a Python file with the rules it names: by name, docstring, decorators, or its class's."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            of_class = named_in(ast.get_docstring(node) or "")
            for inner in node.body:
                yield from _proof(inner, source, of_class)
        else:
            yield from _proof(node, source, set())


def _proof(node: ast.stmt, source: str, inherited: set[str]) -> Iterator[tuple[str, set[str]]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
        words = [ast.get_docstring(node) or "", node.name.upper().replace("_", "-")]
        words += [ast.get_source_segment(source, decorator) or "" for decorator in node.decorator_list]
        yield node.name, inherited | named_in("\n".join(words))


def _homes() -> Mapping[str, set[str]]:
    homes: dict[str, set[str]] = defaultdict(set)
    for path, named in _named(HOMES):
        if not path.startswith(NO_HOMES):
            for rule in named:
                homes[rule].add(path)
    return homes


def _proofs() -> Mapping[str, dict[str, int]]:
    proofs: dict[str, dict[str, int]] = defaultdict(dict)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        for _test_name, named in proofs_in(path.read_text(encoding="utf-8")):
            for rule in named:
                proofs[rule][name] = proofs[rule].get(name, 0) + 1
    return proofs


def _named(places: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    for place in places:
        for path in sorted((ROOT / place).rglob("*")):
            if path.suffix in TEXTS and path.is_file() and "__pycache__" not in path.parts:
                named = named_in(path.read_text(encoding="utf-8"))
                if named:
                    yield path.relative_to(ROOT).as_posix(), named


def _link(path: str) -> str:
    return f"[{path.removeprefix('tests/')}](../{path})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 written or all as it should be, 1 with a sentence for each fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.handbook.coverage", description="The coverage page.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is wrong")
    options = parser.parse_args(arguments)
    found = coverage()
    if not options.check:
        PAGE.write_text(page(found), encoding="utf-8")
    wrong = tuple(faults(found))
    for sentence in wrong:
        sys.stderr.write(sentence + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
