"""Connections to NATS that survive an outage of any length."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import nats.errors
import structlog
from nats.aio.client import Client

from shared.bus.credentials import Credentials, credentials_of
from shared.settings import Settings

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from faststream.nats.security import NatsSecurity

TELL_AGAIN_SECONDS = 10.0

log = structlog.get_logger()


def make_broker(settings: Settings, name: str, on_refused: Callable[[], Awaitable[None]] | None = None) -> "NatsBroker":
    """Return an unconnected broker that reconnects for ever and lets handlers finish on stop.

    `on_refused` is awaited when the connection is gone for good, as when the server knows our key no more: neither
    nats-py nor FastStream takes it up again.
    """
    from faststream.nats import NatsBroker  # noqa: PLC0415 (slow, and the command line needs only `connect`)

    credentials = credentials_of(settings)
    return NatsBroker(
        servers_of(settings),
        graceful_timeout=None,  # what stops has one deadline in common: `shared.ending`
        logger=None,
        security=_security(credentials),
        closed_cb=on_refused,
        **_options(credentials, name, on_refused),
    )


async def connect(settings: Settings, name: str) -> Client:
    """Return a client connected to NATS; fails at once where the server cannot be reached now."""
    once = {
        "allow_reconnect": False,
        "max_reconnect_attempts": 1,  # with none, and with -1, nats-py tries the first connection for ever
        "reconnect_time_wait": 0.1,
        "error_cb": _ignore,  # the caller gets the error itself
    }
    credentials = credentials_of(settings)
    options = _options(credentials, name) | _shown(credentials) | once
    *others, last = servers_of(settings)
    for server in others:  # asked not to reconnect, nats-py tries no second server either
        with suppress(nats.errors.Error, OSError, TimeoutError):
            return await _connected(server, options)
    return await _connected(last, options)


async def connect_lasting(settings: Settings, name: str, on_refused: Callable[[], Awaitable[None]]) -> Client:
    """Return a connected client that reconnects for ever, as a broker's does; it waits for a server that is away.

    `on_refused` as in `make_broker`.
    """
    credentials = credentials_of(settings)
    client = Client()
    options = _options(credentials, name, on_refused) | _shown(credentials)
    await client.connect(servers_of(settings), closed_cb=on_refused, allow_reconnect=True, **options)
    return client


async def _connected(server: str, options: dict[str, Any]) -> Client:
    client = Client()
    try:
        await client.connect(server, **options)
    except BaseException:
        if client._transport is not None:  # noqa: SLF001 (nats-py leaves it open where the server refuses the user)
            client._transport.close()  # type: ignore[no-untyped-call]  # noqa: SLF001
        raise
    return client


def servers_of(settings: Settings) -> list[str]:
    """Return the addresses of NATS, several for a cluster: nats-py takes a list, and no commas."""
    return [server.strip() for server in settings.nats_url.split(",")]


async def _ignore(_error: Exception) -> None:
    """Say nothing."""


def _security(credentials: Credentials) -> "NatsSecurity":
    """Return `credentials` as FastStream wants them."""
    from faststream.nats.security import NatsNKey, NatsSecurity, NatsUserPassword  # noqa: PLC0415 (slow, as above)

    tls: dict[str, Any] = {"ssl_context": credentials.tls, "tls_handshake_first": credentials.tls is not None}
    if credentials.seed is not None:
        return NatsNKey.from_seed(credentials.seed, **tls)
    if credentials.user is not None:
        return NatsUserPassword(credentials.user, credentials.password or "", **tls)
    return NatsSecurity(**tls)


def _shown(credentials: Credentials) -> dict[str, Any]:
    """Return `credentials` as nats-py wants them.

    TLS begins with the first byte: asked later, whoever stands between could leave it out.
    """
    shown: dict[str, Any] = {}
    if credentials.tls is not None:
        shown = {"tls": credentials.tls, "tls_handshake_first": True}
    if credentials.seed is not None:
        return shown | {"nkeys_seed_str": credentials.seed}
    if credentials.user is not None:
        return shown | {"user": credentials.user, "password": credentials.password}
    return shown


def _options(
    credentials: Credentials, name: str, on_refused: Callable[[], Awaitable[None]] | None = None
) -> dict[str, Any]:
    told: dict[str, float] = {}

    async def on_error(error: Exception) -> None:
        """Tell a trouble when it begins and then now and again: a reconnecting client meets it five times a second."""
        why, now = repr(error), time.monotonic()
        if now - told.get(why, -TELL_AGAIN_SECONDS) >= TELL_AGAIN_SECONDS:
            told[why] = now
            log.warning("nats", why=why)
        if on_refused is not None and "authorization violation" in str(error).lower():
            await on_refused()

    return {
        "name": f"yingda-{name}",
        "connect_timeout": 5,
        "reconnect_time_wait": 0.2,
        "max_reconnect_attempts": -1,  # a connection given up is never taken up again
        "ping_interval": 10,
        "max_outstanding_pings": 3,
        "error_cb": on_error,
        "inbox_prefix": credentials.inbox_prefix,
    }
