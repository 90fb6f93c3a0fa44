"""Publishing to JetStream one by one, at next to no cost: the client shares the cores with the suite that it measures.

nats-py takes 300 µs of processor for a single publication: a task, a future and an inbox for each, headers written word by
word, and a wake-up for every acknowledgement. Here the line is prepared and written to the socket as it is, and all
acknowledgements come to one inbox, which is looked into a few times a second. For the server nothing is different:
each message comes alone, and is acknowledged alone when it is on the disk.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast
from urllib.parse import urlsplit

from nats.nuid import NUID
from pydantic_core import from_json, to_json

from shared.bench.atomic import NotPublishedError, Outgoing
from shared.bus.wire import headed

LOOK_SECONDS: Final = 0.05
"""How long acknowledgements may lie in the socket."""
LOCAL: Final = "127.0.0.1"
NATS_PORT: Final = 4222
_CLIENT: Final = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "name": "yingda-bench"}
_END: Final = b"\r\n"
_STATUS: Final = b"NATS/1.0 "
"""How the line begins by which the server says that nobody takes what was sent."""


class Singly(asyncio.Protocol):
    """A connection of its own to a server that asks for no name; what goes over it goes to one stream."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._inbox = f"_INBOX.{NUID().next().decode()}"
        self._rest = b""
        self._waiting = 0
        self._fault: str | None = None
        self._news = asyncio.Event()
        self._transport: asyncio.Transport

    def prepared(self, message: Outgoing) -> bytes:
        """Return `message` as `send` wants it."""
        headers = {"Nats-Expected-Stream": self._stream}
        if message.message_id is not None:
            headers["Nats-Msg-Id"] = message.message_id
        return headed(message.subject, headers, message.body, self._inbox)

    def send(self, line: bytes) -> None:
        """Write one prepared message."""
        self._waiting += 1
        self._transport.write(line)

    async def acknowledged(self, seconds: float) -> None:
        """Return when all that was sent is on the stream; `NotPublishedError` where that is refused or takes longer."""
        try:
            async with asyncio.timeout(seconds):
                while self._waiting and self._fault is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            self._fault = f"{self._waiting} messages are not acknowledged after {seconds:g} s"
        if self._fault is not None:
            raise NotPublishedError(self._fault)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the server and listen for the acknowledgements."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"CONNECT %b\r\nSUB %b 1\r\n" % (to_json(_CLIENT), self._inbox.encode()))

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell whoever waits."""
        self._fault = self._fault or "the connection to NATS is gone"
        self._news.set()

    def data_received(self, data: bytes) -> None:
        """Count what is acknowledged, and let what follows gather for a moment."""
        *lines, self._rest = (self._rest + data).split(_END)
        for line in lines:
            if line.startswith(b"{"):
                self._answered(line)
            elif line == b"PING":
                self._transport.write(b"PONG\r\n")
            elif line.startswith(_STATUS):
                self._fault = line.decode(errors="replace")
        self._news.set()
        self._transport.pause_reading()
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look_again)

    def _answered(self, answer: bytes) -> None:
        self._waiting -= 1
        if b'"error"' in answer:
            self._fault = f"JetStream refused a message: {from_json(answer)['error'].get('description')}"

    def _look_again(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


@asynccontextmanager
async def singly(url: str, stream: str) -> AsyncIterator[Singly]:
    """Yield a connection to the server at `url`, by which messages go to `stream`."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, publisher = await loop.create_connection(
        lambda: Singly(stream), address.hostname or LOCAL, address.port or NATS_PORT
    )
    try:
        yield publisher
    finally:
        publisher.close()
