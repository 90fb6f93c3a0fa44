"""A process that the nursery has forked: imports in advance what it will need, waits for its request, and is that."""

import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from shared.cli.main import run
from shared.testing.process_launcher import die_with_parent

PACKET_BYTES: Final = 65_536
DESCRIPTORS: Final = 3
"""Log, lock and, where somebody waits for the readiness, its pipe."""
_PR_SET_NAME: Final = 15


@dataclass(frozen=True, slots=True)
class Child:
    """A forked process that has no request yet."""

    pid: int
    _requests: socket.socket

    def become(self, request: bytes, fds: Sequence[int]) -> bool:
        """Let it run `request`; False where it has ended."""
        try:
            socket.send_fds(self._requests, [request], fds)
        except OSError:
            return False
        finally:
            self._requests.close()
        return True

    def forget(self) -> None:
        """Close our end: in another child, which has inherited it."""
        self._requests.close()


def fork(forget: Callable[[], None], prepare: Callable[[], None] | None = None) -> Child:
    """Fork a process that calls `forget`, then `prepare`, and waits; what fails in that will fail again and be told."""
    parent = os.getpid()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        forget()
        _live(parent, theirs, prepare)
    theirs.close()
    return Child(pid, ours)


def _live(parent: int, requests: socket.socket, prepare: Callable[[], None] | None) -> None:
    """Be the child: run the command that is asked for and exit with its code. Never returns."""
    code = 1
    try:
        os.setsid()  # Ctrl-C in the terminal is for `up` alone
        die_with_parent(parent, signal.SIGKILL)
        if prepare is not None:
            with suppress(Exception):
                prepare()
        packet, fds, _, _ = socket.recv_fds(requests, PACKET_BYTES, DESCRIPTORS)
        requests.close()
        if packet:
            code = _run(packet, fds)
    finally:
        os._exit(code)


def _run(packet: bytes, fds: Sequence[int]) -> int:
    log, _lock, *ready = fds
    request = json.loads(packet)
    _redirect(log)
    os.environ.update(request["environment"])
    if ready:
        os.environ["YINGDA_READY_FD"] = str(ready[0])
    _rename("-".join(["yingda", *request["arguments"][1:2]]))
    gc.enable()  # the nursery has none
    code = run(request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _redirect(log: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _rename(name: str) -> None:
    """Give the process a name for `ps` and `top`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
