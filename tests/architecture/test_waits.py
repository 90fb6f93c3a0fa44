"""Tests await what they wait for: time passes in one place, and one place asks again and again."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = {
    "shared/testing/polling.py": "asks again what no event tells",
    "tests/pace.py": "lets time pass where time is what happens",
}


def sleeps(path: Path) -> Iterator[str]:
    """Yield the place of every call of a function that is named `sleep`, whoever's it is.

    `sleep(0)` lets no time pass: whoever else is ready has a turn.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name == "sleep" and ast.unparse(node.args[0]) != "0":
                yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_nobody_sleeps_but_in_the_two_places_for_it() -> None:
    """Whoever waits awaits the event, else `until` (tests/polling.py), else `lasts`, `at`, `steadily` (tests/pace.py)."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "shared" / "testing").rglob("*.py")]
    found = {path: places for path in files if (places := list(sleeps(path)))}
    assert {str(path.relative_to(ROOT)) for path in found} == PLACES.keys(), found
