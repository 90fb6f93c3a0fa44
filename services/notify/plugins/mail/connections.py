"""Connections to one mail server: each carries one batch at a time, and is kept for the next one for a while."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiosmtplib

from services.notify.plugins.mail.replies import in_words

IDLE_SECONDS: Final = 20.0
"""Kept so long without a mail: shorter than servers wait (RFC 5321 asks them for five minutes)."""
MOST_MAILS: Final = 100
"""Then a connection is left for a new one, before a server that counts refuses."""
MOST_IDLE: Final = 4
LEAVE_SECONDS: Final = 1.0
BROKEN: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)
"""What a connection may raise where it is of no use any more."""


class UnreachableError(Exception):
    """The mail server cannot be used."""


@dataclass(slots=True, eq=False)
class Connection:
    """A connection, and how many mails it has carried."""

    client: aiosmtplib.SMTP
    mails: int = 0
    kept: bool = False
    """Whether it was kept from an earlier batch: the server may have closed it meanwhile."""
    handing_over: bool = False
    """Whether the server had been told DATA of the last mail."""

    @property
    def usable(self) -> bool:
        """Whether another mail may go over it."""
        return self.client.is_connected and self.mails < MOST_MAILS


class Connections:
    """The connections that are not in use; `make` makes a client that is not connected yet."""

    def __init__(self, make: Callable[[], aiosmtplib.SMTP], wait_seconds: float) -> None:
        self._make = make
        self._wait = wait_seconds
        self._idle: dict[Connection, asyncio.Task[None]] = {}
        self._closed = False

    async def take(self) -> Connection:
        """Return a connection that is kept, else a new one; `UnreachableError` where the server cannot be used."""
        while self._idle:
            connection, expiry = self._idle.popitem()  # the last one: the others may run out
            expiry.cancel()
            if connection.client.is_connected:
                connection.kept = True
                return connection
        return await self.new()

    async def new(self) -> Connection:
        """Return a new connection, greeted, encrypted and logged in as the client is told to; `UnreachableError`."""
        client = self._make()
        try:
            async with asyncio.timeout(2 * self._wait):
                await client.connect()
        except BROKEN as error:
            client.close()
            raise UnreachableError(f"the mail server cannot be used: {in_words(error)}") from None
        except BaseException:
            client.close()
            raise
        return Connection(client)

    async def give_back(self, connection: Connection) -> None:
        """Keep `connection` for the next batch, where it is of use."""
        if not connection.usable or self._closed or len(self._idle) >= MOST_IDLE:
            await self.leave(connection)
            return
        self._idle[connection] = asyncio.create_task(self._expire(connection))

    async def leave(self, connection: Connection) -> None:
        """Take leave of the server, as far as it is there."""
        if connection.client.is_connected:
            try:
                await connection.client.quit(timeout=LEAVE_SECONDS)
            except BROKEN:
                connection.client.close()

    async def close(self) -> None:
        """Close all that are kept, and keep none from now on."""
        self._closed = True
        idle, self._idle = self._idle, {}
        for expiry in idle.values():
            expiry.cancel()
        await asyncio.gather(*idle.values(), *map(self.leave, idle), return_exceptions=True)

    async def _expire(self, connection: Connection) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        if self._idle.pop(connection, None) is not None:
            await self.leave(connection)


class Line:
    """The connection of one batch: a kept one or a new one, with the first mail; another one where it breaks."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._connection: Connection | None = None

    async def ready(self) -> Connection:
        """Return a connection that a mail may go over; `UnreachableError` where there is none to be had."""
        if self._connection is None:
            self._connection = await self._connections.take()
        elif not self._connection.usable:
            await self._connections.leave(self._connection)
            self._connection = None
            self._connection = await self._connections.new()
        return self._connection

    @property
    def handing_over(self) -> bool:
        """Whether the last mail may have been taken, whatever came of it."""
        return self._connection is not None and self._connection.handing_over

    async def done(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connections.give_back(self._connection)
