"""Bodies read whole before an endpoint sees its request, within limits of size, time and memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from shared.adapters import HttpProblem


class SenderLeft(Exception):
    """The sender has closed the connection before its request was whole."""


class Bodies:
    """Reads the bodies of all endpoints; `bytes_in_hand` is what they may hold together."""

    def __init__(self, seconds: float, bytes_in_hand: int) -> None:
        self._seconds = seconds
        self._most = bytes_in_hand
        self._held = 0

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive, largest: int) -> AsyncIterator[Receive]:
        """Yield what an application receives: the whole body at once. `HttpProblem` 408, 411, 413, 503; `SenderLeft`."""
        self._check_length(scope, largest)
        taken = 0
        parts: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    more = True
                    while more:
                        message = await receive()
                        if message["type"] == "http.disconnect":
                            raise SenderLeft
                        part = message.get("body", b"")
                        self._held += len(part)
                        taken += len(part)
                        parts.append(part)
                        more = message.get("more_body", False)
                        if taken > largest:
                            raise too_large(largest)
                        if self._held > self._most:
                            raise HttpProblem(
                                503, "out-of-memory", "Too much is being received", headers={"Retry-After": "5"}
                            )
            except TimeoutError:
                raise HttpProblem(
                    408, "slow-body", "The request took too long to arrive", headers={"Connection": "close"}
                ) from None
            yield _replaying(b"".join(parts), receive)
        finally:
            self._held -= taken

    @staticmethod
    def _check_length(scope: Scope, largest: int) -> None:
        told = Headers(scope=scope).get("content-length", "")
        if told.isdigit() and int(told) > largest:
            raise too_large(largest)


def too_large(largest: int) -> HttpProblem:
    """Return the answer to a body that is too large; the connection ends, nobody reads the rest."""
    return HttpProblem(
        413, "too-large", "The request is too large", f"At most {largest:,} bytes.", headers={"Connection": "close"}
    )


def _replaying(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()  # tells when the sender leaves
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
