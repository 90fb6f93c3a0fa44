"""SIGHUP means two things to `yingda up`: a new policy, and that its terminal was closed."""

import asyncio
import contextlib
import os
import pty
import signal
import sys
from pathlib import Path

import pytest

from tests.polling import until

pytestmark = [pytest.mark.slow_operations, pytest.mark.timeout(200)]

IN_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "shared.cli.main", "up", "--data", sys.argv[1]])
"""


async def test_a_closed_terminal_ends_the_suite_and_a_signal_in_an_open_one_does_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IN_TERMINAL, str(tmp_path)), stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    said = bytearray()

    def says(words: bytes) -> bool:
        with contextlib.suppress(BlockingIOError):
            said.extend(os.read(ours, 65_536))
        return words in said

    try:
        await until(lambda: says(b"ready"), 90)
        process.send_signal(signal.SIGHUP)
        await until(lambda: says(b"the default policy is in force"), 90)
        assert process.returncode is None
        os.close(ours)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
        assert not (tmp_path / "endpoints.json").exists()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
