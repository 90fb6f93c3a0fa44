"""The README's commands for containers, as they stand there."""

from collections.abc import Iterator

import pytest

from tests.compose.stack import RUN_HERE, Stack
from tests.compose.standins import REPOSITORY
from tests.e2e.walkthrough import Chapter, chapters, missing

COMPOSE = "docker compose -f deploy/compose.yaml "


@pytest.fixture
def project(built: str) -> Iterator[Stack]:
    stack = Stack()
    yield stack
    stack.down("-v")


def chapter() -> Chapter:
    (found,) = (one for one in chapters(REPOSITORY / "README.md") if COMPOSE in str(one))
    return found


@pytest.mark.slow_operations
@pytest.mark.timeout(900)
def test_the_commands_of_the_readme_do_what_it_says(project: Stack) -> None:
    """Two words are added: which containers have a stand-in here, and that nobody sits at a terminal."""
    for step in chapter().steps:
        output = ""
        for line in step.script.splitlines():
            assert line.startswith(COMPOSE)
            command, *rest = line.removeprefix(COMPOSE).split()
            before, after = {"up": ((), RUN_HERE), "run": (("-T",), ())}.get(command, ((), ()))
            output += project.compose(command, *before, *rest, *after)
        assert missing(step.expected, output) is None, output
    assert project.leftovers()["containers"] == []
