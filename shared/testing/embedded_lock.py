"""One server per data directory: a lock that lives as long as any process that works on the directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from shared.testing.embedded_errors import DataDirectoryInUseError
from shared.testing.polling import NotInTimeError, until

_ORPHANS_END_WITHIN_SECONDS = 20.0


class DirectoryLock:
    """An exclusive lock on `directory/lock`, inherited by the servers that work on it.

    The file descriptor is handed to the server processes, so the directory stays locked while one of them lives, even
    when the process that started them was killed. The file holds the process id of that starter, nothing else.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fd: int | None = None

    @property
    def fd(self) -> int:
        """The descriptor to be inherited by every process that works on the directory."""
        if self._fd is None:
            raise DataDirectoryInUseError(f"{self._directory} is not locked")
        return self._fd

    async def acquire(self) -> None:
        """Hold the lock; servers whose starter is dead, or is us, are given time to end.

        An object that holds the lock already takes it anew: a child of a killed server may still work on the directory.

        Raises:
            DataDirectoryInUseError: a live process uses the directory.

        """
        ours = self._fd is not None
        self.release()
        fd = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._wait_for(fd, patient=ours)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Give the lock up; it stays held while a server that inherited it lives."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    async def _wait_for(self, fd: int, *, patient: bool) -> None:
        def ours_or_hopeless() -> bool:
            owner = _owner(fd)
            return _locked(fd) or owner is None or (_is_alive(owner) and not patient)

        with suppress(NotInTimeError):
            await until(ours_or_hopeless, _ORPHANS_END_WITHIN_SECONDS)
        if not _locked(fd):
            who = "another process" if (owner := _owner(fd)) is None else f"process {owner}"
            raise DataDirectoryInUseError(
                f"The data directory {self._directory} is in use by {who}: stop it or choose another directory.",
            )


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(fd: int) -> int | None:
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
