"""Pastes the blocks of a page into a shell as its reader does, beside the suite that the page has started."""

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.e2e.walkthrough import Chapter, missing

BIN = Path(sys.executable).parent
READY_SECONDS = 100
STEP_SECONDS = 180
"""No block takes longer; one that waits for what does not come is cut off, and what it printed is shown."""


def wrong_in(
    chapter: Chapter, folder: Path, step_seconds: float = STEP_SECONDS, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Paste the blocks of a chapter one after another; return those that do not do what the page says.

    `environment` is that of the shells, where it is not the one that the tests run in.
    """
    wrong: list[str] = []
    with _suite(chapter, folder, dict(environment or _own())) as shells:
        for step in chapter.steps:
            output, code = _pasted(step.script, folder, shells, step_seconds)
            told = f"\n{step.heading}\n--- script\n{step.script}--- output\n{output}--- exit code {code}"
            if code != 0:
                wrong.append(told)
            elif (lacking := missing(step.expected, output)) is not None:
                wrong.append(f"{told}\n--- this is missing: {lacking}")
    return wrong


def _pasted(script: str, folder: Path, environment: dict[str, str], seconds: float) -> tuple[str, int | None]:
    """Run one block as a shell does; return what it printed and its exit code, None where it did not end."""
    with (folder / "step.log").open("w+b") as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = shell.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
            code = None
        output.seek(0)
        return output.read().decode(), code


def _own() -> dict[str, str]:
    """Return the environment of whoever has installed what the tests run in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    return environment | {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}"}


@contextmanager
def _suite(chapter: Chapter, folder: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Start the suite as the chapter says, if it does, and yield the environment of a shell beside it."""
    if not chapter.start:
        yield environment
        return
    log = folder / "up.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            ["bash", "-c", chapter.start],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        assert _said_within(started.stdout, READY_SECONDS) == b"ready\n", log.read_text(encoding="utf-8")
        yield environment
    finally:
        os.killpg(started.pid, signal.SIGINT)
        started.communicate(timeout=120)
        shutil.rmtree(folder / ".yingda", ignore_errors=True)


def _said_within(output: IO[bytes] | None, seconds: float) -> bytes:
    """Return the next line; none where the process ends, or says nothing for so long."""
    assert output is not None
    return output.readline() if select.select([output], [], [], seconds)[0] else b""
