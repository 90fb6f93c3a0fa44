"""A process that has imported everything once and forks the suite's processes from that (run by `nursery_client`).

    python -m shared.cli.nursery SOCKET_FD SERVICE...

Importing takes a service about as long as everything else it does at its start, so five services that share one
import are ready in a third of the time, and a restarted one within a fraction of a second. Only this process forks,
and it has one thread: what it forks starts from a state that no other thread was changing.

Requests and answers are JSON objects, one a packet. Asked with {"arguments": [...], "environment": {...}} and the
descriptors of a log and, if there is a third, of the pipe for the readiness, it answers {"started": PID}, and once
that process has ended {"ended": PID, "code": N}. The second descriptor is kept open by the child: it is the lock.
"""

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.cli.errors import CliError
from shared.cli.main import run
from shared.testing.process_launcher import die_with_parent

PACKET_BYTES = 65_536
_PR_SET_NAME = 15


def main(arguments: Sequence[str]) -> None:
    """Serve until the other side closes the socket."""
    fd, *services = arguments
    preload(services)
    Nursery(socket.socket(fileno=int(fd))).serve()


def preload(services: Sequence[str]) -> None:
    """Import what every process needs; what does not import is left to the process that needs it, which says so."""
    from shared.cli import provision, run  # noqa: F401, PLC0415 (imported for what they import; slow)
    from shared.cli.services import load_service  # noqa: PLC0415 (same)
    from shared.policy import load_policy  # noqa: PLC0415 (same)

    load_policy()
    for name in services:
        with suppress(CliError):
            load_service(name)
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page that is shared with the children


class Nursery:
    """Forks a child for each request and tells when it ends."""

    def __init__(self, requests: socket.socket) -> None:
        self._pid = os.getpid()
        self._requests = requests
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ)
        self._children: dict[int, int] = {}  # process id by the descriptor that tells of its end

    def serve(self) -> None:
        """Return when nobody can ask any more; the kernel ends the children then."""
        while True:
            for key, _ in self._selector.select():
                if key.fd in self._children:
                    self._bury(key.fd)
                elif not self._answer():
                    return

    def _answer(self) -> bool:
        packet, fds, _, _ = socket.recv_fds(self._requests, PACKET_BYTES, 3)
        if not packet:
            return False
        request = json.loads(packet)
        pid = os.fork()
        if pid == 0:
            self._become(request, fds)
        for fd in fds:
            os.close(fd)
        handle = os.pidfd_open(pid)
        self._children[handle] = pid
        self._selector.register(handle, selectors.EVENT_READ)
        self._tell({"started": pid})
        return True

    def _bury(self, handle: int) -> None:
        pid = self._children.pop(handle)
        self._selector.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(pid, 0)
        self._tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _tell(self, message: Mapping[str, int]) -> None:
        self._requests.send(json.dumps(message).encode())

    def _become(self, request: Mapping[str, Any], fds: Sequence[int]) -> None:
        """Be the child: run the command and exit with its code. Never returns."""
        code = 1
        try:
            os.setsid()  # Ctrl-C in the terminal is for `up` alone
            die_with_parent(self._pid, signal.SIGKILL)
            self._forget()
            _redirect(fds[0])
            os.environ.update(request["environment"])
            if len(fds) > 2:  # noqa: PLR2004 (log, lock, pipe)
                os.environ["YINGDA_READY_FD"] = str(fds[2])
            _rename("-".join(["yingda", *request["arguments"][1:2]]))
            code = run(request["arguments"])
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _forget(self) -> None:
        self._selector.close()
        self._requests.close()
        for handle in self._children:
            os.close(handle)


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


if __name__ == "__main__":
    main(sys.argv[1:])
