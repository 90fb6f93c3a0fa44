"""The pytest fixtures of real servers: `pytest_plugins = ["shared.testing.fixtures"]`.

They need pytest-asyncio with a session-wide event loop. A test file that asks for `fresh_nats` and `database_url` is
isolated from every other file of the run.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.testing.servers import Servers, empty_nats, fresh_database, real_servers


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def servers() -> AsyncIterator[Servers]:
    """Yield NATS and PostgreSQL for the whole run, gone with their data afterwards."""
    with reachable_directory() as directory:
        async with real_servers(directory) as started:
            yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fresh_nats(servers: Servers) -> AsyncIterator[str]:
    """Yield the URL of a NATS server without streams, for one test file."""
    async with empty_nats(servers) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def own_nats(servers: Servers) -> AsyncIterator[str]:
    """Yield the URL of a NATS server without streams, for one test."""
    async with empty_nats(servers) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database_url(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Yield the URL, as SQLAlchemy takes it, of a new database for one test file, dropped afterwards."""
    label = re.sub(r"\W+", "_", request.module.__name__.rpartition(".")[2])[:40]
    async with fresh_database(servers.database_url, label) as url:
        yield url


@contextlib.contextmanager
def reachable_directory() -> Iterator[Path]:
    """Yield a temporary directory that others may enter: PostgreSQL may have to run as another user."""
    with tempfile.TemporaryDirectory(prefix="yingda-test-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory
