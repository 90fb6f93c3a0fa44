"""A mail over LMTP takes no more memory than its size, whatever its lines are like (R-IN-08)."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from services.intake.adapters.lmtp.config import LmtpConfig, Mailbox
from services.intake.adapters.lmtp.protocol import Connections

OURS = "service@example.com"
LARGEST = 1_000_000


class Taken:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        self.mails.append(envelope.content)
        return "250 taken"


class Client:
    """A mail server that brings mails."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def answer(self) -> int:
        while (line := await self._reader.readline())[3:4] == b"-":
            pass
        return int(line[:3])

    async def say(self, line: str) -> int:
        self._writer.write(f"{line}\r\n".encode())
        return await self.answer()

    async def bring(self, *blocks: bytes) -> int:
        """Return the answer to a mail that comes in `blocks`, its end among them."""
        assert await self.say("MAIL FROM:<wang@example.org>") == 250
        assert await self.say(f"RCPT TO:<{OURS}>") == 250
        assert await self.say("DATA") == 354
        for block in blocks:
            self._writer.write(block)
            await self._writer.drain()
        return await self.answer()


@asynccontextmanager
async def client(taken: Taken) -> AsyncIterator[Client]:
    config = LmtpConfig(mailboxes=(Mailbox(address=OURS),), max_bytes=LARGEST)
    connections = Connections(config, cast("Any", taken), lambda: None)
    server = await asyncio.get_running_loop().create_server(connections, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    made = Client(reader, writer)
    assert await made.answer() == 220
    assert await made.say("LHLO test") == 250
    yield made
    writer.close()
    await writer.wait_closed()
    server.close()
    connections.close()


@pytest.mark.parametrize(
    ("sent", "mail"),
    [
        ([b".\r\n"], b""),
        ([b"a\r\n.\r\n"], b"a\r\n"),
        ([b"a\r", b"\n.", b"\r\n"], b"a\r\n"),
        ([b"..a\r\n..\r\n.b\r\n.\r\n"], b".a\r\n.\r\nb\r\n"),
        ([b"a\n.\nb\r.\r\n\r\n.\r\n"], b"a\n.\nb\r.\r\n\r\n"),
        ([b"x" * 900_000, b"\r\n.\r\n"], b"x" * 900_000 + b"\r\n"),
    ],
)
async def test_a_mail_arrives_as_it_is(sent: Iterable[bytes], mail: bytes) -> None:
    """R-IN-01: dots are undone, nothing but a dot on a line of its own ends a mail, and the next one follows."""
    taken = Taken()
    async with client(taken) as bringing:
        assert await bringing.bring(*sent) == 250
        assert await bringing.bring(b"next\r\n.\r\n") == 250
    assert taken.mails == [mail, b"next\r\n"]


@pytest.mark.parametrize(
    ("block", "times", "code"),
    [(b"\r\n" * 50_000, 9, 250), (b"x" * 1_000_000, 30, 552), (b"\r\n" * 50_000, 300, 552)],
    ids=["blank lines", "a line without end", "blank lines without end"],
)
async def test_it_takes_no_more_memory_than_the_largest_mail(block: bytes, times: int, code: int) -> None:
    """R-IN-08: whoever may send mail could end the process otherwise."""
    taken = Taken()
    async with client(taken) as bringing:
        tracemalloc.start()
        try:
            assert await bringing.bring(*[block] * times, b"\r\n.\r\n") == code
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 15 * LARGEST
        assert await bringing.bring(b"next\r\n.\r\n") == 250
