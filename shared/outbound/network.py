"""Connections to checked addresses: a name is resolved once, and what was checked is what is connected to."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
from anyio import move_on_after

from shared.outbound.addresses import IpAddress, TrustedHosts, is_public


class ForbiddenError(httpcore.ConnectError):
    """The host is not one of the public internet, and not one that the operator trusts."""


class NamelessError(httpcore.ConnectError):
    """The name of the host has no address."""


class Connected(httpcore.AsyncNetworkStream):
    """A connection that is closed where the handshake of TLS is broken off, also by whoever waits no longer."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (the base's)
        """Return what has come."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 (the base's)
        """Send `buffer`."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (the base's)
    ) -> httpcore.AsyncNetworkStream:
        """Return the encrypted connection."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with move_on_after(0, shield=True):
                await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a host, leaves out what is not public, and connects to one of the rest by its number."""

    def __init__(self, trusted: TrustedHosts) -> None:
        self._trusted = trusted
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the signature of the base)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the first address that takes one."""
        found = await resolve(host, port)
        allowed = [one for one in found if self._trusted.name(host) or self._trusted.address(one) or is_public(one)]
        if found and not allowed:
            raise ForbiddenError("its address is of an inner network, and it is not among the trusted hosts")
        failure: httpcore.ConnectError | httpcore.ConnectTimeout = NamelessError("its name has no address")
        for address in allowed:
            try:
                return Connected(
                    await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)


async def resolve(host: str, port: int) -> list[IpAddress]:
    """Return the addresses of `host` in the resolver's order; none where the name is not known."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return what verifies servers: by `ca`, else by the system's authorities. OSError where it cannot be read."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def unconnected(error: Exception) -> str:
    """Return why there is no connection, in a clause without addresses."""
    if isinstance(error, NamelessError):
        return str(error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not one to trust"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as it should"
        cause = cause.__cause__ or cause.__context__
    return "no connection"
