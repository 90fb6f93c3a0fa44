"""NATS and PostgreSQL in containers, where a Docker engine answers."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

NATS_IMAGE = "nats:2.15.1"
POSTGRES_IMAGE = "postgres:18"
_NATS_PORT = 4222
_DOCKER_SOCKET = "unix:///var/run/docker.sock"
_DOCKER_PORT = 2376
_DOCKER_SECONDS = 3.0

# The reaper container comes from a registry that need not be reachable; containers are removed by their `with` anyway.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")


def docker_answers() -> bool:
    """Whether a Docker engine answers where `DOCKER_HOST`, or else its usual socket, says; asked without its library."""
    address = urlsplit(os.environ.get("DOCKER_HOST") or _DOCKER_SOCKET)
    try:
        if address.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as engine:
                return _pings(engine, address.path)
        with socket.create_connection((address.hostname or "", address.port or _DOCKER_PORT), _DOCKER_SECONDS):
            return True  # it may speak TLS: its library will know
    except OSError:
        return False


def _pings(engine: socket.socket, path: str) -> bool:
    engine.settimeout(_DOCKER_SECONDS)
    engine.connect(path)
    engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
    return b" 200 " in engine.recv(64)


def images_are_there() -> bool:
    """Whether the engine that answers has both images, or can get them; it may take a while where it has to."""
    import docker  # noqa: PLC0415 - comes with testcontainers, of the `dev` extra
    from docker.errors import DockerException, ImageNotFound  # noqa: PLC0415 - same

    with contextlib.closing(docker.from_env()) as engine:
        for image in (NATS_IMAGE, POSTGRES_IMAGE):
            try:
                engine.images.get(image)
            except ImageNotFound:
                try:
                    engine.images.pull(image)
                except DockerException:
                    return False
    return True


@contextlib.contextmanager
def nats_container() -> Iterator[str]:
    """Yield the URL of a NATS server with JetStream; the container is removed at the end."""
    # Not `testcontainers.community.nats`: importing it warns of its own deprecated decorator.
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - of the `dev` extra
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415 - same

    container = DockerContainer(NATS_IMAGE).with_command("-js").with_exposed_ports(_NATS_PORT)
    with container.waiting_for(LogMessageWaitStrategy("Server is ready")) as nats:
        yield f"nats://{nats.get_container_host_ip()}:{nats.get_exposed_port(_NATS_PORT)}"


@contextlib.contextmanager
def postgres_container() -> Iterator[str]:
    """Yield the URL, as SQLAlchemy takes it, of an empty database `yingda`; the container is removed at the end."""
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - of the `dev` extra

    password = secrets.token_hex(8)
    container = PostgresContainer(
        POSTGRES_IMAGE, username="postgres", password=password, dbname="yingda", driver="asyncpg"
    )
    with container as postgres:
        yield str(postgres.get_connection_url())
