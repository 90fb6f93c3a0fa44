"""A tiny SMTP server for tests: it takes mail, refuses, drops the connection or falls silent, as it is told."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpServer:
    """One listening server; `replies` replaces its answer to a verb, for the next time or, with *, for ever."""

    port: int = 0
    replies: dict[str, list[str]] = field(default_factory=dict)
    """Answers by verb (`RCPT`, `DATA`, `.`, …), used in turn; `drop` closes the connection, `hang` never answers,
    `late` answers as usual once `late` is set."""
    late: asyncio.Event = field(default_factory=asyncio.Event)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    tls: ssl.SSLContext | None = None
    """What STARTTLS begins; without it, it is not offered."""
    credentials: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    """Of each mail, whether its connection was encrypted."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if await self._answer(writer, "CONNECT", "220 test ESMTP"):
                await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            verb = line.decode().split(maxsplit=1)[0].strip().upper().split(":")[0]
            encrypted = writer.get_extra_info("ssl_object") is not None
            offered = "250-STARTTLS\r\n" if self.tls and not encrypted else "250-AUTH PLAIN\r\n" if encrypted else ""
            if verb == "AUTH":
                self.credentials.append(base64.b64decode(line.split()[2]).decode().split("\0")[1:])
            usual = {
                "EHLO": f"250-test\r\n{offered}250 8BITMIME",
                "DATA": "354 go on",
                "QUIT": "221 bye",
                "STARTTLS": "220 begin",
                "AUTH": "235 welcome",
            }.get(verb, "250 ok")
            answer = await self._answer(writer, verb, usual)
            if verb == "RCPT" and answer == usual:
                self.recipients.append(line.decode().partition(":")[2].strip().strip("<>"))
            if verb == "DATA" and answer == usual:
                body = await reader.readuntil(b"\r\n.\r\n")
                answer = await self._answer(writer, ".", "250 taken as 42")
                if answer == "250 taken as 42":
                    mail = message_from_bytes(body.removesuffix(b".\r\n"), policy=policy.default)
                    self.mails.append(mail)
                    self.encrypted.append(encrypted)
            if answer is None or answer.startswith("421") or verb == "QUIT":
                return
            if verb == "STARTTLS" and self.tls:
                await writer.start_tls(self.tls)

    async def _answer(self, writer: asyncio.StreamWriter, verb: str, usual: str) -> str | None:
        """Answer `verb`; return the answer, None where the connection is over."""
        told = self.replies.get(verb, [])
        answer = told.pop(0) if told else usual
        if answer == "late":
            await self.late.wait()
            answer = usual
        if answer == "hang":
            await asyncio.Event().wait()  # until the test is over
        if answer in {"hang", "drop"}:
            return None
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()
        return answer


@asynccontextmanager
async def smtp_server(**replies: list[str]) -> AsyncIterator[SmtpServer]:
    """Yield a server on a free port that does without TLS; nothing of it is left afterwards."""
    async with encrypted_smtp_server(None, implicit=False, **replies) as server:
        yield server


@asynccontextmanager
async def encrypted_smtp_server(
    tls: ssl.SSLContext | None, *, implicit: bool, **replies: list[str]
) -> AsyncIterator[SmtpServer]:
    """Yield a server on a free port, encrypted from the start or by STARTTLS; nothing of it is left afterwards."""
    told = {("." if verb == "DOT" else verb): list(told) for verb, told in replies.items()}
    state = SmtpServer(replies=told, tls=None if implicit else tls)
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with suppress(asyncio.CancelledError, ssl.SSLError, ConnectionError):
            await state.serve(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(1):  # after a handshake that failed nobody tells
                await writer.wait_closed()
        state.closed += 1

    from_the_start = tls if implicit else None
    patience = 0.5 if from_the_start else None
    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=from_the_start, ssl_shutdown_timeout=patience)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
