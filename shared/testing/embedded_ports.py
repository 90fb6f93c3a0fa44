"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LOWEST = 15_000
_FALLBACK_END = 30_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 200


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens now.

    Another program may take it before the caller does; a server that must not fail tries again with another one.

    Raises:
        OSError: no free port was found.

    """
    candidates = range(_LOWEST, _end_of_range())
    for _ in range(_ATTEMPTS):
        port = random.choice(candidates)  # noqa: S311 - spread, not secrecy: parallel runs must not collide
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port on {LOOPBACK} between {candidates.start} and {candidates.stop}")


def _end_of_range() -> int:
    """Return the first port the kernel hands out to outgoing connections.

    A server that is down must not have its port in that range: a client that keeps reconnecting may be given the very
    port as its own, connect to itself, and keep the server from ever listening on it again.
    """
    try:
        lowest_ephemeral = int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _FALLBACK_END
    return lowest_ephemeral if lowest_ephemeral > _LOWEST + _ATTEMPTS else _FALLBACK_END
