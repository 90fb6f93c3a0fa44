"""What a power cut would leave of a program's files: those parts that it had made the disk write (Linux).

Everything else is taken to be lost, which is the worst that a power cut can do. Each `fsync` is held by the kernel,
counted and copied from, and then goes on; a program that acknowledges before it syncs is found out that way.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import shutil
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Self

from shared.testing.embedded_nats import Wrapper

_LAUNCHER = Path(__file__).with_name("sync_watch_launcher.py")
_LOOK_EVERY_MS = 100
_GO_ON = 1


class _Call(ctypes.Structure):
    """A call that the kernel holds (`struct seccomp_notif`)."""

    _fields_ = (
        ("id", ctypes.c_uint64),
        ("pid", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("number", ctypes.c_int),
        ("architecture", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    )


class _Answer(ctypes.Structure):
    """What shall become of it (`struct seccomp_notif_resp`)."""

    _fields_ = (
        ("id", ctypes.c_uint64),
        ("value", ctypes.c_int64),
        ("error", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    )


def _request(number: int, size: int) -> int:
    return 3 << 30 | size << 16 | ord("!") << 8 | number


_RECEIVE = _request(0, ctypes.sizeof(_Call))
_SEND = _request(1, ctypes.sizeof(_Answer))


class SyncWatch:
    """Watches one program after another that works on `store`; inside `with`, start it through `wrapper`.

    `shadow` holds what a power cut at this moment would leave, from the first `settle` on.
    """

    def __init__(self, store: Path, shadow: Path) -> None:
        self.syncs: Counter[Path] = Counter()
        """How often each file and directory was synced, by its place in the store."""
        self._store = store
        self._shadow = shadow
        self._lock = threading.Lock()  # nothing is synced while the shadow is being copied
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sync-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._ours.close()
        self._theirs.close()

    @property
    def wrapper(self) -> Wrapper:
        """What starts a program under watch."""
        fd = self._theirs.fileno()
        return Wrapper((sys.executable, "-I", "-S", _LAUNCHER, str(fd)), (fd,))

    def settle(self) -> None:
        """Take everything as it is now for synced, having seen to it that it is."""
        os.sync()
        with self._lock:
            shutil.rmtree(self._shadow, ignore_errors=True)
            shutil.copytree(self._store, self._shadow)

    def leave(self, place: Path) -> None:
        """Copy what a power cut at this moment would leave to `place`."""
        with self._lock:
            shutil.copytree(self._shadow, place)

    def _serve(self) -> None:
        """Answer the program that runs, and then the next one."""
        while not self._stop.is_set():
            if not select.select([self._ours], [], [], _LOOK_EVERY_MS / 1000)[0]:
                continue
            _, (listener,), _, _ = socket.recv_fds(self._ours, 64, 1)
            poll = select.poll()
            poll.register(listener, select.POLLIN)
            try:
                while not self._stop.is_set():
                    events = poll.poll(_LOOK_EVERY_MS)
                    if events and not events[0][1] & select.POLLIN:
                        break  # the program has ended
                    if events:
                        self._answer(listener)
            finally:
                os.close(listener)

    def _answer(self, listener: int) -> None:
        call = _Call()
        with suppress(FileNotFoundError):  # it was killed meanwhile
            fcntl.ioctl(listener, _RECEIVE, call)
            self._synced(Path(f"/proc/{call.pid}/fd/{call.arguments[0]}"))
            fcntl.ioctl(listener, _SEND, _Answer(call.id, 0, 0, _GO_ON))

    def _synced(self, handle: Path) -> None:
        path = handle.readlink()
        if not path.is_relative_to(self._store):
            return
        place = path.relative_to(self._store)
        with self._lock:
            self.syncs[place] += 1
            if path.is_file() and self._shadow.exists():
                target = self._shadow / place
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(handle, target)
