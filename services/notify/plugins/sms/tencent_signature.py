"""TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0: cloud.tencent.com/document/api/382/52071.

The page publishes an example with its signature; the tests compare with it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

ALGORITHM: Final = "TC3-HMAC-SHA256"


def authorization(headers: Mapping[str, str], body: bytes, *, service: str, at: int, key_id: str, secret: str) -> str:
    """Return the header of a POST to / with `body`; `headers` are the signed ones, `at` its X-TC-Timestamp.

    The day is that of UTC, whatever the machine's time zone.
    """
    signed = {name.lower(): value.strip().lower() for name, value in headers.items()}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(signed.items()))
    request = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    scope = f"{day}/{service}/tc3_request"
    text = f"{ALGORITHM}\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = _hmac(key, part)
    return f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={_hmac(key, text).hex()}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
