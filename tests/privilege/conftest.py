"""One pair of guarded servers for all the tests of this folder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.privilege.guarded import Guarded, guarded


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house() -> AsyncIterator[Guarded]:
    async with guarded() as house:
        yield house
