"""Signatures of Aliyun's API.

ACS3-HMAC-SHA256: help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature.
HMAC-SHA1, the one before: help.aliyun.com/zh/sdk/product-overview/rpc-mechanism.
Both pages publish an example with its signature; the tests compare with them.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

ALGORITHM: Final = "ACS3-HMAC-SHA256"
_NOTHING: Final = hashlib.sha256(b"").hexdigest()


def query_of(parameters: Mapping[str, str]) -> str:
    """Return the parameters as a query, sorted and encoded as RFC 3986 has it."""
    return "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in sorted(parameters.items()))


def acs3_headers(
    parameters: Mapping[str, str],
    *,
    host: str,
    action: str,
    version: str,
    date: str,
    nonce: str,
    key_id: str,
    secret: str,
    method: str = "POST",
) -> dict[str, str]:
    """Return the headers of a request without a body, to / with `parameters` in its query. `date` is UTC, with a Z."""
    signed = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _NOTHING,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(signed.items()))
    request = "\n".join((method, "/", query_of(parameters), lines, names, _NOTHING))
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    seal = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return signed | {"Authorization": f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={seal}"}


def rpc_signature(parameters: Mapping[str, str], *, secret: str, method: str = "POST") -> str:
    """Return the parameter `Signature` of a request with `parameters`, which hold all others."""
    text = f"{method}&{_encoded('/')}&{_encoded(query_of(parameters))}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
