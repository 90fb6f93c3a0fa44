"""What the kernel says about processes: who works where, what they write, what they left."""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
from pathlib import Path

_SHARED_PLACES = (Path("/dev/shm"), Path(tempfile.gettempdir()), Path.home())  # noqa: S108 - looked at, not used
_TRACES = ("postgres", "pgsql", "nats", "jetstream")
_ACCESS_MODE = 0o3


def processes_working_in(directory: Path) -> set[int]:
    """Return the living processes whose working directory is `directory` or below; zombies have none."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(directory):
                found.add(int(entry.name))
    return found


def files_open_for_writing(pid: int) -> set[Path]:
    """Return the regular files, shared memory included, that the process may write, mapped ones as well; none where it ended."""
    found: set[Path] = set()
    try:
        handles = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return found
    for handle in handles:
        with contextlib.suppress(OSError):
            target = handle.readlink()
            flags = int(Path(f"/proc/{pid}/fdinfo/{handle.name}").read_text(encoding="ascii").split()[3], 8)
            if target.is_file() and flags & _ACCESS_MODE != os.O_RDONLY:
                found.add(target)
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            _, access, _, _, _, *name = line.split(maxsplit=5)
            if "w" in access and access.endswith("s") and name and Path(name[0]).is_file():
                found.add(Path(name[0]))
    return found


def leftovers_in_shared_places() -> set[Path]:
    """Return what a server of ours would be called in /dev/shm, the temporary directory and the home directory."""
    return {
        path
        for place in _SHARED_PLACES
        for path in place.iterdir()
        if any(trace in path.name.lower() for trace in _TRACES)
    }


def segments_created_by(pid: int) -> set[int]:
    """Return the System V shared memory segments, by number, that the process created and nobody freed."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()]
    header, *segments = rows
    return {int(row[header.index("shmid")]) for row in segments if int(row[header.index("cpid")]) == pid}


def ended(pidfd: int) -> bool:
    """Whether the process has ended: its handle is readable then."""
    return bool(select.select([pidfd], [], [], 0)[0])
