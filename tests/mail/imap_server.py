"""An IMAP server over real sockets, faithful in what imapclient asks of it, with the faults that real servers have."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from shared.testing.embedded_ports import LOOPBACK, free_port
from tests.mail.imap_connection import Connection
from tests.mail.imap_folders import Folder, Mail

USER, PASSWORD, TOKEN = "service@example.com", 'pass"w\\ord', "ya29.token"
FOREIGN = "密码"
"""A password that LOGIN cannot say."""
CAPABILITIES = "IMAP4rev1 LITERAL+ IDLE ID MOVE UIDPLUS AUTH=PLAIN AUTH=XOAUTH2"


@dataclass
class Faults:
    """What goes wrong, until the test says otherwise."""

    refused_logins: int = 0
    greeting: str = ""
    """Instead of the greeting, and the connection is closed: `* BYE too many connections`."""
    broken: set[int] = field(default_factory=set)
    """Mails that the server does not give: NO."""
    unlisted: set[int] = field(default_factory=set)
    """Mails that it leaves out when it lists them."""
    empty: set[int] = field(default_factory=set)
    """Mails that it gives without content: NIL."""
    cut: Counter[int] = field(default_factory=Counter)
    """Mails in whose middle the connection ends, so many times."""
    refused_moves: int = 0
    seconds: float = 0.0
    """Before every answer."""
    silent: bool = False
    """It answers nothing any more."""


class ImapServer:
    """`async with`; folders by their real names, as `INBOX` and `已处理`."""

    def __init__(self, *, capabilities: str = CAPABILITIES, tls: ssl.SSLContext | None = None) -> None:
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.capabilities = capabilities
        self.faults = Faults()
        self.commands: list[str] = []
        """What was asked, without arguments, in order."""
        self.named: list[str] = []
        """What clients said of themselves by ID."""
        self.news = asyncio.Condition()
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self.port = self.port or free_port()  # one that nobody gets for a connection while this is stopped
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, ssl=self._tls)

    async def stop(self) -> None:
        """Listen no more, and end all connections."""
        if self._server is not None:
            self._server.close()
        self.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server = None

    def drop(self) -> None:
        """End all connections in the middle of whatever they do."""
        for connection in list(self._connections):
            connection.abort()

    async def add(self, content: bytes, *flags: str, folder: str = "INBOX") -> Mail:
        """Let a mail arrive; who waits with IDLE is told."""
        mail = self.folders.setdefault(folder, Folder()).add(content, *flags)
        await self.changed()
        return mail

    async def changed(self) -> None:
        """Wake everybody who waits for something here."""
        async with self.news:
            self.news.notify_all()

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Return when `condition` holds, which is asked after every command."""
        try:
            async with asyncio.timeout(seconds), self.news:
                await self.news.wait_for(condition)
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s; asked were {Counter(self.commands)}") from None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self._connections.add(connection)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError
            ):
                await connection.serve()
        finally:
            self._connections.discard(connection)
            self._tasks.discard(task)
            connection.abort()
            await self.changed()
