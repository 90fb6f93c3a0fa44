"""The containers of these tests. They need an engine and compose; where there is neither, one line says so."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from shared.testing.containers import docker_answers
from tests.compose.images import own_image, public_images
from tests.compose.stack import Stack, compose_command
from tests.compose.standins import TOOL, provide

MARKER = "slow_operations"
_left_out: list[str] = []


def why_not() -> str | None:
    """Return what is missing for containers on this machine; None if nothing is."""
    if docker_answers():
        return (
            None if compose_command() else "an engine answers, but neither `docker compose` nor docker-compose is here"
        )
    if TOOL.exists() and os.geteuid() == 0:
        return None
    return "no container engine answers on this machine"


@pytest.hookimpl(trylast=True)  # after `-m` has chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.path.parent == config.rootpath / "tests" / "compose"]
    containers = [item for item in mine if item.get_closest_marker(MARKER)]
    if containers and (reason := why_not()):
        _left_out.append(f"{len(containers)} tests of compose did not run: {reason}")
        config.hook.pytest_deselected(items=containers)
        items[:] = [item for item in items if item not in containers]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _left_out:
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session")
def engine() -> None:
    """An engine that answers and has every public image that is used here."""
    if not docker_answers():
        subprocess.run([TOOL, "engine"], check=True)
    for image in public_images():
        provide(image)


@pytest.fixture(scope="session")
def built(engine: None) -> str:
    """The name of the image of the services, as compose builds it."""
    stack = Stack()
    stack.compose("build", "--quiet" if compose_command() == ("docker-compose",) else "-q", "prepare")
    return own_image()


@pytest.fixture(scope="module")
def stack(built: str) -> Iterator[Stack]:
    """A stack that is up and ready; nothing of it is left afterwards."""
    stack = Stack()
    try:
        stack.up()
        yield stack
    finally:
        stack.down("-v")
