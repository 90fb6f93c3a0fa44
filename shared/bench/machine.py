"""The facts of the machine that a figure is worth nothing without."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.testing.embedded_nats import nats_binary
from shared.testing.embedded_postgres_files import postgres_bin

_HERE = Path(__file__).parent


class Machine(BaseModel):
    """Where and with what a run was made."""

    model_config = ConfigDict(frozen=True)

    at: str
    cores: int
    processor: str
    memory_gib: float
    kernel: str
    python: str
    nats: str
    postgres: str
    yingda: str
    commit: str | None
    """None outside a git checkout; ends with `+` where files differ from it."""
    load_before: float
    """Processes that wanted a core in the minute before the run; far above 0, others were busy."""


def machine() -> Machine:
    """Return the facts of this machine, now."""
    return Machine(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        cores=len(os.sched_getaffinity(0)),
        processor=_field("/proc/cpuinfo", "model name") or platform.machine(),
        memory_gib=round(int((_field("/proc/meminfo", "MemTotal") or "0").split()[0]) / 2**20, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        nats=_told([nats_binary(), "--version"]) or "unknown",
        postgres=_told([postgres_bin() / "postgres", "--version"]) or "unknown",
        yingda=version("yingda"),
        commit=_commit(),
        load_before=round(os.getloadavg()[0], 2),
    )


def _commit() -> str | None:
    head = _told(["git", "-C", _HERE, "rev-parse", "--short=12", "HEAD"])
    changed = _told(["git", "-C", _HERE, "status", "--porcelain", "--untracked-files=no"])
    return f"{head}{'+' if changed else ''}" if head else None


def _told(command: Sequence[str | Path]) -> str | None:
    """Return what a program prints, None where it fails or is not there."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)  # noqa: S603 (fixed words, no shell)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _field(path: str, name: str) -> str | None:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
