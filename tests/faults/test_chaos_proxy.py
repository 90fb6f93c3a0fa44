"""The proxy carries every byte in order, and cuts, delays and silences as it is told."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.chaos.proxy import MOST_HELD_BYTES, TcpProxy

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echo_behind_a_proxy() -> AsyncIterator[tuple[TcpProxy, Ends]]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, TcpProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        yield proxy, (reader, writer)
        writer.close()


async def test_what_goes_in_comes_out_in_order_also_more_than_is_held() -> None:
    async with echo_behind_a_proxy() as (proxy, (reader, writer)):
        data = bytes(range(256)) * (MOST_HELD_BYTES // 128)
        proxy.silence(0.2)
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
        assert proxy.carried == 2 * len(data)


async def test_a_cut_resets_the_connection_and_a_new_one_works() -> None:
    async with echo_behind_a_proxy() as (proxy, (reader, writer)):
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        proxy.cut()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        again, other = await asyncio.open_connection("127.0.0.1", proxy.port)
        other.write(b"b")
        assert await again.readexactly(1) == b"b"
        other.close()


async def test_a_delay_and_a_silence_take_their_time_and_lose_nothing() -> None:
    async with echo_behind_a_proxy() as (proxy, (reader, writer)):
        proxy.delay_seconds = 0.1
        began = time.monotonic()
        writer.write(b"late")
        assert await reader.readexactly(4) == b"late"
        assert time.monotonic() - began >= 0.19, "each direction"
        proxy.delay_seconds = 0.0
        began = time.monotonic()
        proxy.silence(0.3)
        writer.write(b"silent")
        assert await reader.readexactly(6) == b"silent"
        assert time.monotonic() - began >= 0.29


async def test_a_server_that_is_away_ends_the_connection() -> None:
    async with TcpProxy("127.0.0.1", 1) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
