"""Runs `yingda` inside the test's process, as the console script would run it."""

import asyncio
import contextlib
import io
import sys
from dataclasses import dataclass
from unittest.mock import patch

from shared.cli.main import run


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def yingda(*arguments: str, stdin: str = "") -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(arguments)
    return Outcome(code, out.getvalue(), err.getvalue())


async def yingda_beside(*arguments: str, stdin: str = "") -> Outcome:
    """Run it in a thread, with an event loop of its own, while the test's loop goes on."""
    return await asyncio.to_thread(yingda, *arguments, stdin=stdin)
