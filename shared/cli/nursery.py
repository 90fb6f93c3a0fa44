"""A process that has imported what all services need, and forks the suite's processes from that (run by `nursery_client`).

    python -m shared.cli.nursery SOCKET_FD SERVICE...

Importing takes a service about as long as everything else it does at its start, so five services that share one
import are ready in a third of the time, and a restarted one within a fraction of a second. Only this process forks,
and it has one thread: what it forks starts from a state that no other thread was changing.

What a service alone needs it imports itself, so it is in no other's memory. The first process of each is forked
before it is asked for, and imports while the servers start.

Requests and answers are JSON objects, one a packet. Asked with {"arguments": [...], "environment": {...}} and the
descriptors of a log and, if there is a third, of the pipe for the readiness, it answers {"started": PID}, and once
that process has ended {"ended": PID, "code": N}. The second descriptor is kept open by the child: it is the lock.
"""

import gc
import json
import os
import selectors
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from shared.cli.nursery_child import DESCRIPTORS, PACKET_BYTES, Child, fork
from shared.cli.preload import preload

PROVISION = "provision"


def main(arguments: Sequence[str]) -> None:
    """Serve until the other side closes the socket."""
    fd, *services = arguments
    gc.disable()  # what is imported stays, and the collector would touch, and so copy, pages shared with the children
    preload()
    from shared.cli import run  # noqa: F401, PLC0415 (imported for what it imports; after what is preloaded)

    gc.collect()
    gc.freeze()
    nursery = Nursery(socket.socket(fileno=int(fd)))
    nursery.prepare(PROVISION, partial(_import_provisioning, services))
    for name in services:
        nursery.prepare(name, partial(_import_service, name))
    nursery.serve()


class Nursery:
    """Forks a child for each request and tells when it ends."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ)
        self._prepared: dict[str, Child] = {}
        self._children: dict[int, int] = {}  # process id by the descriptor that tells of its end

    def prepare(self, name: str, work: Callable[[], None]) -> None:
        """Fork a child that does `work` at once and takes the first request for `name`."""
        self._prepared[name] = fork(self._forget, work)

    def serve(self) -> None:
        """Return when nobody can ask any more; the kernel ends the children then."""
        while True:
            for key, _ in self._selector.select():
                if key.fd in self._children:
                    self._bury(key.fd)
                elif not self._answer():
                    return

    def _answer(self) -> bool:
        packet, fds, _, _ = socket.recv_fds(self._requests, PACKET_BYTES, DESCRIPTORS)
        if not packet:
            return False
        child = self._prepared.pop(_name(json.loads(packet)["arguments"]), None)
        if child is not None and not child.become(packet, fds):
            os.waitpid(child.pid, 0)
            child = None
        if child is None:
            child = fork(partial(self._forget, fds))
            child.become(packet, fds)  # or it has ended, which is told as any other end
        for fd in fds:
            os.close(fd)
        handle = os.pidfd_open(child.pid)
        self._children[handle] = child.pid
        self._selector.register(handle, selectors.EVENT_READ)
        self._tell({"started": child.pid})
        return True

    def _bury(self, handle: int) -> None:
        pid = self._children.pop(handle)
        self._selector.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(pid, 0)
        self._tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _tell(self, message: Mapping[str, int]) -> None:
        self._requests.send(json.dumps(message).encode())

    def _forget(self, received: Sequence[int] = ()) -> None:
        """Close, in a child, what is the nursery's own, and what it has `received` to hand on."""
        for fd in received:
            os.close(fd)
        self._selector.close()
        self._requests.close()
        for child in self._prepared.values():
            child.forget()
        for handle in self._children:
            os.close(handle)


def _name(arguments: Sequence[str]) -> str:
    """Return what a command line runs: a service by its name, else the command."""
    command, *rest = arguments
    return rest[0] if command == "run" and rest else command


def _import_service(name: str) -> None:
    from shared.cli.services import load_service  # noqa: PLC0415 (slow)

    load_service(name)


def _import_provisioning(services: Sequence[str]) -> None:
    from shared.cli import provision  # noqa: F401, PLC0415 (imported for what it imports)
    from shared.cli.services import load_services  # noqa: PLC0415 (slow)
    from shared.provision import provision as _  # noqa: F401, PLC0415 (loads alembic)

    load_services(services)


if __name__ == "__main__":
    main(sys.argv[1:])
