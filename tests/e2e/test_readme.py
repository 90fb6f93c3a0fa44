"""The README is true: its blocks are pasted in a fresh copy of this folder, and what it names in passing exists."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.pasting import wrong_in
from tests.e2e.walkthrough import PAGE as WALKTHROUGH
from tests.e2e.walkthrough import Chapter, Step, chapters

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
CHAPTERS = list(chapters(README))
DEMO_SECONDS = 240
"""A minute on a machine that does nothing else."""

ELSEWHERE = {
    "yingda provision": (
        "tests/integration/test_cli.py::test_the_doctor_names_every_service_that_is_not_provisioned_and_provisioning_heals_it",
        'yingda_beside("provision")',
    ),
    "yingda replay": (
        "tests/faults/test_replay.py::a_lost_bus",
        'yingda_beside("replay")',
    ),
    "yingda policy reload": (
        "tests/e2e/test_policy_reload.py::test_a_file_that_has_not_changed_is_in_force_already",
        'yingda_beside("policy", "reload", ',
    ),
    "yingda deploy secrets": (
        "tests/unit/shared/test_cli_deploy.py::test_what_is_missing_is_made_for_its_owner_alone_and_what_is_there_stays",
        'yingda("deploy", "secrets", str(folder))',
    ),
    **{
        f"docker compose -f deploy/compose.yaml {command}": (
            "tests/compose/test_readme.py::test_the_commands_of_the_readme_do_what_it_says",
            "for line in step.script.splitlines()",
        )
        for command in ("build", "up -d", "run --rm operations doctor", "down")
    },
}
"""Commands that are not pasted here, the test, or the part of one, that runs each, and how that says it."""
LEFT_BEHIND = shutil.ignore_patterns(".venv", ".git", ".yingda", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info")


def lines_of(script: str) -> list[str]:
    return [line for line in script.splitlines() if line and not line.startswith("#")]


def pasted_here(step: Step) -> bool:
    return not set(lines_of(step.script)) <= ELSEWHERE.keys()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this folder as `make` leaves it once it has installed what the lock pins."""
    folder = tmp_path_factory.mktemp("checkout") / "yingda"
    shutil.copytree(ROOT, folder, ignore=LEFT_BEHIND)
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".locked":
            (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / ".locked").touch()
    return folder


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "chapter",
    [
        pytest.param(chapter, id=chapter.title, marks=[pytest.mark.slow_operations] if "demo" in str(chapter) else [])
        for chapter in CHAPTERS
        if any(map(pasted_here, chapter.steps))
    ],
)
def test_the_blocks_do_what_the_page_says(chapter: Chapter, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is run as it stands; of `make test` one file, which is told to pytest beside the command."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "tests/contract/test_envelope_time.py")
    here = Chapter(chapter.title, chapter.start, tuple(step for step in chapter.steps if pasted_here(step)))
    wrong = wrong_in(here, checkout, DEMO_SECONDS)
    assert not wrong, "\n".join(wrong)


def test_what_is_not_pasted_is_run_by_the_test_that_is_named() -> None:
    for command, (test, words) in ELSEWHERE.items():
        path, _, name = test.partition("::")
        _, found, body = (ROOT / path).read_text(encoding="utf-8").partition(f"def {name}(")
        assert found, test
        assert words in re.split(r"\n(?:async )?def ", body)[0], test
        assert command in TEXT


def test_every_block_is_one_that_is_run_or_shows_what_is_seen() -> None:
    """No command hides in another kind of block; those of GitHub's pictures are no commands."""
    kinds = re.findall(r"(?m)^```(.*)\n(?:(?!```).*\n)*```$", TEXT)
    assert set(kinds) == {"sh", "sh up", "text", "mermaid"}
    assert kinds.count("sh") == sum(len(chapter.steps) for chapter in CHAPTERS)
    assert not re.search(r"(?m)^(?: {4}|\t)\S", re.sub(r"(?ms)^```.*?^```$", "", TEXT)), "code is fenced"


def test_commands_in_passing_are_run_by_a_page_or_are_targets_of_make() -> None:
    run = [
        line
        for chapter in (*CHAPTERS, *chapters(WALKTHROUGH))
        for script in (chapter.start, *(step.script for step in chapter.steps))
        for line in lines_of(script)
    ]
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for command in re.findall(r"`((?:yingda|make) [^`]+)`", TEXT):
        program, what = command.split(maxsplit=1)
        known = what in targets if program == "make" else any(command in line for line in (*run, *ELSEWHERE))
        assert known, f"nobody runs `{command}`"


def test_what_the_page_points_to_exists() -> None:
    """Links and paths alike."""
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    paths = re.findall(r"`((?:deploy|docs|services|shared|tests)/[^` ]*)`", TEXT)
    assert [path for path in (*links, *paths) if not list(ROOT.glob(path.rstrip("/")))] == []


def test_the_picture_shows_every_service_and_both_streams() -> None:
    (picture,) = re.findall(r"(?ms)^```mermaid\n(.*?)^```$", TEXT)
    services = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
    assert {name for name in (*services, "CONTACTS", "EVENTS") if not re.search(rf"(?m)^ +{name}\[", picture)} == set()
