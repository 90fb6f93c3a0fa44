"""A small TCP proxy between the services and a server, whose connections can be cut, delayed and silenced."""

import asyncio
from collections import deque
from typing import Self, cast

MOST_HELD_BYTES = 4_000_000


class TcpProxy:
    """Listens on a port of its own and carries every byte to `host:port` and back, as well as it is allowed to."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.delay_seconds = 0.0
        """How long every byte takes in each direction."""
        self.silent_until = 0.0
        """Until when, on the loop's clock, bytes are held back."""
        self.pairs: set[_Side] = set()
        self.carried = 0
        self.cuts = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Side(self), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """Reset every connection at once; what was on its way is lost."""
        for side in tuple(self.pairs):
            self.cuts += 1
            side.abort()

    def silence(self, seconds: float) -> None:
        """Hold every byte back for so long; the connections stay open."""
        self.silent_until = asyncio.get_running_loop().time() + seconds


class _Side(asyncio.Protocol):
    """One end of a carried connection: what arrives here leaves at the other end, in order and in its time."""

    def __init__(self, proxy: TcpProxy, other: "_Side | None" = None) -> None:
        self._proxy = proxy
        self._other = other
        self._transport: asyncio.Transport | None = None
        self._held: deque[tuple[float, bytes]] = deque()
        self._held_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._proxy.pairs.add(self)
        if self._other is None:  # a client: nothing is read before there is a server to carry it to
            self._transport.pause_reading()
            self._connecting = asyncio.create_task(self._connect())
        else:
            self._other.connected(self)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: _Side(self._proxy, self), *self._proxy.target)
        except OSError:
            self.abort()

    def connected(self, other: "_Side") -> None:
        """Begin to carry: the server answers."""
        self._other = other
        if self._transport is None or self._transport.is_closing():
            other.abort()
        else:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        proxy, now = self._proxy, asyncio.get_running_loop().time()
        proxy.carried += len(data)
        at = max(now + proxy.delay_seconds, proxy.silent_until)
        if at <= now and not self._held:
            self._pass(data)
            return
        self._held.append((at, data))
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def _wake(self) -> None:
        if self._timer is None and self._held:
            self._timer = asyncio.get_running_loop().call_at(self._held[0][0], self._flush)

    def _flush(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._held and self._held[0][0] <= now + 0.001:
            _, data = self._held.popleft()
            self._held_bytes -= len(data)
            self._pass(data)
        if self._held_bytes <= MOST_HELD_BYTES:
            self.resume_reading()
        self._wake()

    def _pass(self, data: bytes) -> None:
        if self._other is not None and self._other._transport is not None:
            self._other._transport.write(data)

    def pause_writing(self) -> None:
        if self._other is not None and self._other._transport is not None:
            self._other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None:
            self._other.resume_reading()

    def resume_reading(self) -> None:
        """Read on, where the connection still lives."""
        if self._transport is not None and not self._transport.is_closing() and self._other is not None:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.pairs.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._other is not None and self._other._transport is not None:
            while self._held:  # an orderly end comes after the last byte
                self._pass(self._held.popleft()[1])
            self._other._transport.close()

    def abort(self) -> None:
        """Reset this end, and with it the other."""
        for side in (self, self._other):
            if side is not None and side._transport is not None:
                side._transport.abort()
