"""A client of the run's NATS, without streams."""

from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client


@pytest.fixture(scope="module")
async def client(fresh_nats: str) -> AsyncIterator[Client]:
    connection = await nats.connect(fresh_nats)
    yield connection
    await connection.close()
