"""A plain HTTP client for tests: the standard library's, in a thread, one connection for each request."""

import asyncio
import contextlib
import http.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SECONDS = 20


@dataclass(frozen=True)
class Reply:
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


async def get(url: str, **headers: str) -> Reply:
    return await request("GET", url, headers=headers)


async def post_form(url: str, fields: Mapping[str, str], **headers: str) -> Reply:
    return await request("POST", url, body=urlencode(fields).encode(), headers={**FORM, **headers})


async def request(
    method: str, url: str, *, body: bytes | Iterable[bytes] | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    return await asyncio.to_thread(_request, method, url, body, named)


def _request(method: str, url: str, body: bytes | Iterable[bytes] | None, headers: Mapping[str, str]) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who has heard enough answers, and hangs up
            connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        text = response.read().decode()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, text)
    finally:
        connection.close()
