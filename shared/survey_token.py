"""Tokens of survey links: who holds one may answer that survey, and nobody can make one up (R-FB-02).

A token is 32 bytes in URL-safe Base64 (43 characters): the survey's id, then half of an HMAC-SHA256 over it. So a link
needs no table to be checked, a guess is refused before the database is asked, and a text message stays short.
"""

import base64
import hashlib
import hmac
from typing import Final
from uuid import UUID

from pydantic import SecretStr

TOKEN_LENGTH: Final = 43

_ID_BYTES: Final = 16
_SEAL_BYTES: Final = 16  # 128 bits: nobody guesses that through a web page
_PURPOSE: Final = b"yingda survey link v1\0"  # the same key may seal other things one day


def token_of(survey_id: str, key: SecretStr) -> str:
    """Return the token of the survey `survey_id` (a UUID); `ValueError` for any other id."""
    identity = UUID(survey_id).bytes
    return base64.urlsafe_b64encode(identity + _seal(identity, key)).rstrip(b"=").decode()


def survey_id_of(token: str, key: SecretStr) -> str | None:
    """Return the id of the survey that `token` opens; None for what this `key` has not sealed, compared in constant time."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(f"{token}=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    identity, seal = raw[:_ID_BYTES], raw[_ID_BYTES:]
    genuine = hmac.compare_digest(seal, _seal(identity, key))
    survey_id = str(UUID(bytes=identity))
    # One survey has one token: the last character's spare bits must be the ones we wrote.
    return survey_id if genuine and hmac.compare_digest(token, token_of(survey_id, key)) else None


def _seal(identity: bytes, key: SecretStr) -> bytes:
    secret = key.get_secret_value().encode()
    return hmac.new(secret, _PURPOSE + identity, hashlib.sha256).digest()[:_SEAL_BYTES]
