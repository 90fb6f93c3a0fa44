"""The key of the address fingerprints: one for all replicas, made by the first of them (R-NT-07)."""

import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.store.tables import keys
from shared.db import insert_rows

_BYTES: Final = 32
_NAME: Final = "addresses"


async def address_key(engine: AsyncEngine) -> bytes:
    """Return the key that this installation keeps."""
    async with engine.begin() as connection:
        made = {"name": _NAME, "secret": secrets.token_bytes(_BYTES)}
        await insert_rows(connection, keys, [made], ignore_conflicts=True)
        kept: bytes = (await connection.execute(select(keys.c.secret).where(keys.c.name == _NAME))).scalar_one()
    return kept
