"""The locks that the image is built from are part of the one that the tests run on, and hold all that the code imports."""

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Return version and hashes of each pinned package."""
    found = {}
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        if named := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block):
            found[_plain(named[1])] = (named[2], frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block)))
    return found


def _plain(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


@pytest.mark.parametrize("lock", ["requirements.lock", "build.lock"])
def test_what_the_image_holds_is_what_the_tests_run_on(lock: str) -> None:
    tested = pins(REPOSITORY / "requirements.lock")
    mine = pins(DEPLOY / lock)
    assert mine
    assert {name: pin for name, pin in mine.items() if tested.get(name) != pin} == {}
    assert all(hashes for _, hashes in mine.values())


def test_everything_that_the_services_need_is_in_the_image_and_no_tool_of_the_tests() -> None:
    held, project = set(pins(DEPLOY / "requirements.lock")), PROJECT["project"]
    extras = project["optional-dependencies"]
    needed = {_plain(one) for one in (*project["dependencies"], *extras["otel"])}
    assert needed <= held
    assert not held & ({_plain(one) for one in (*extras["dev"], *extras["embedded"])} - needed)


def test_the_image_is_built_with_what_the_project_names() -> None:
    assert {_plain(one) for one in PROJECT["build-system"]["requires"]} == set(pins(DEPLOY / "build.lock"))


def test_what_the_image_is_made_of_reaches_the_engine() -> None:
    kept = re.findall(r"^!(\S+)$", (REPOSITORY / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {path for line in copied for path in line.split()} == set(kept)
