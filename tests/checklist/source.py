"""What stands in the code of a plugin, and in the tests that run the contract suites."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.checklist.builtin import ROOT


@cache
def code(module: str, service: str) -> tuple[Path, ...]:
    """Return the file of a module, and of what it imports from the plugins and adapters of its own service."""
    found: dict[str, Path] = {}
    left = [module]
    while left:
        name = left.pop()
        path = _file(name)
        if path is None or name in found:
            continue
        found[name] = path
        left += [one for one in imported(path) if one.startswith((f"{service}.plugins.", f"{service}.adapters."))]
    return tuple(sorted(set(found.values())))


def _file(name: str) -> Path | None:
    """Return the file of a module; of a name within one, that module's."""
    for dotted in (name, name.rpartition(".")[0]):
        path = ROOT / Path(*dotted.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.exists():
                return file
    return None


@cache
def tree(path: Path) -> ast.Module:
    """Return a file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def raised(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line, class and text of every error that is raised with a message; what is filled in is shown as `{}`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            text = written(node.exc.args[0])
            if text is not None:
                yield node.lineno, ast.unparse(node.exc.func), text


def written(node: ast.expr) -> str | None:
    """Return the text that an expression writes down; None where it is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


@dataclass(frozen=True, slots=True)
class Suite:
    """A test class that runs a contract suite: whose plugin, by which suites, and whether it leaves moods out."""

    plugin: str
    """The dotted name of the plugin: `services.intake.plugins.web.plugin`."""
    bases: tuple[str, ...]
    names: frozenset[str]
    """What it says of its own."""


@cache
def suites() -> tuple[Suite, ...]:
    """Return every such class below `tests`."""
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if "Contract" in path.read_text(encoding="utf-8")]
    return tuple(suite for path in sorted(files) for suite in _suites(path))


def _suites(path: Path) -> Iterator[Suite]:
    known = dict(_names(path))
    bases_of: dict[str, tuple[str, ...]] = {}
    for node in tree(path).body:
        if not isinstance(node, ast.ClassDef):
            continue
        direct = [base.id for base in node.bases if isinstance(base, ast.Name)]
        bases = bases_of[node.name] = tuple(one for base in direct for one in (base, *bases_of.get(base, ())))
        said = dict(_said(node))
        plugin = said.get("plugin")
        if isinstance(plugin, ast.Attribute) and isinstance(plugin.value, ast.Name) and plugin.value.id in known:
            yield Suite(f"{known[plugin.value.id]}.{plugin.attr}", bases, frozenset(said))


def _names(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file calls the things that it imports, and what they are."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _said(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    for part in node.body:
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
            yield part.targets[0].id, part.value
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, part.value
