"""The image's health check: exit code 0 where the service says on `/readyz` that it is ready, else 1 and its reason.

Standard library only and little of it: it runs every ten seconds in every container.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 2.5


def ask(port: int) -> tuple[bool, str]:
    """Return whether the service that serves its probes on `port` is ready, and what it says."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError as error:
        return False, f"no answer on port {port}: {error}"
    head, _, body = answer.partition(b"\r\n\r\n")
    return b" 200 " in head.partition(b"\r\n")[0], body.decode(errors="replace").strip()


if __name__ == "__main__":
    ready, said = ask(int(os.environ.get("YINGDA_METRICS_PORT") or 0))
    sys.stdout.write(f"{said}\n")
    sys.exit(not ready)
