"""The logs of the processes that `yingda up` starts: appended to, begun anew when they grow long, quoted in a sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG_LIMIT_BYTES = 10_000_000
TAIL_BYTES = 65_536


@contextmanager
def appending(log: Path) -> Iterator[int]:
    """Yield a descriptor that appends to `log`."""
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield fd
    finally:
        os.close(fd)


def size(log: Path) -> int:
    """Return how many bytes `log` has, 0 where there is none."""
    return log.stat().st_size if log.exists() else 0


def last_line(log: Path, begin: int) -> str:
    """Return the last line that was written to `log` after its first `begin` bytes, as a person would say it."""
    with log.open("rb") as file:
        file.seek(max(begin, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.removeprefix("yingda: ") for line in reversed(lines) if line.strip()), "it wrote no log")


def rotate(log: Path) -> None:
    """Begin a new log where the old one has grown too long; one old one is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
