"""The key of the address fingerprints: the house's own, or one that the first replica makes for all (R-NT-07)."""

import hashlib
import hmac
import secrets
from typing import Final

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.store.tables import keys
from shared.db import insert_rows

_BYTES: Final = 32
_NAME: Final = "addresses"
_PURPOSE: Final = b"yingda notify addresses v1"  # the same key fingerprints other things elsewhere


async def address_key(engine: AsyncEngine, own: SecretStr | None = None) -> bytes:
    """Return a key made from `own`, where the settings give one; else the one that this schema keeps.

    With one of the house's own, key and fingerprints are in different places.
    """
    if own is not None:
        return hmac.digest(own.get_secret_value().encode(), _PURPOSE, hashlib.sha256)
    async with engine.begin() as connection:
        made = {"name": _NAME, "secret": secrets.token_bytes(_BYTES)}
        await insert_rows(connection, keys, [made], ignore_conflicts=True)
        kept: bytes = (await connection.execute(select(keys.c.secret).where(keys.c.name == _NAME))).scalar_one()
    return kept
