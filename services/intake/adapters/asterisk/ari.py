"""Speaks with Asterisk: its events over a WebSocket, the live channels and bridges over HTTP.

`subscribeAll=true` brings the events of every channel, also of those that the dialplan handles by itself
(docs.asterisk.org, "Asterisk REST Interface", events). User and password travel in a header, never in the address.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from services.intake.adapters.asterisk.config import AsteriskConfig

OPEN_SECONDS: Final = 10.0
PING_SECONDS: Final = 10.0
"""A connection that does not answer for as long again is given up."""
LARGEST_EVENT: Final = 1_000_000
DENIED: Final = frozenset({401, 403})


class AriError(Exception):
    """Asterisk cannot be reached."""


class Ari:
    """One Asterisk. Everything raises `AriError` in one sentence while it is away or refuses its user."""

    def __init__(self, config: AsteriskConfig, password: SecretStr) -> None:
        self._config = config
        self._base = config.url.rstrip("/")
        self._secret = (config.user, password)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ClientConnection]:
        """Yield a connection on which events arrive from now on."""
        query = urlencode({"app": self._config.application, "subscribeAll": "true"})
        address = f"ws{self._base.removeprefix('http')}/ari/events?{query}"
        try:
            connection = await connect(
                address,
                additional_headers={"Authorization": self._basic()},
                open_timeout=OPEN_SECONDS,
                ping_interval=PING_SECONDS,
                ping_timeout=PING_SECONDS,
                max_size=LARGEST_EVENT,
                proxy=None,
            )
        except InvalidStatus as error:
            raise AriError(self._refusal(error.response.status_code)) from None
        except (OSError, TimeoutError, WebSocketException) as error:
            raise self._away(error) from None
        try:
            async with connection:
                yield connection
        except WebSocketException as error:  # nothing else is Asterisk's: a full disk of ours is an OSError as well
            raise self._away(error) from None

    async def live(self) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
        """Return the channels and the bridges that there are now."""
        user, password = self._secret
        auth = httpx.BasicAuth(user, password.get_secret_value())
        try:
            async with httpx.AsyncClient(auth=auth, timeout=OPEN_SECONDS, trust_env=False) as client:
                channels, bridges = await asyncio.gather(
                    client.get(f"{self._base}/ari/channels"), client.get(f"{self._base}/ari/bridges")
                )
                return self._rows(channels), self._rows(bridges)
        except httpx.HTTPError as error:
            raise self._away(error) from None

    def _rows(self, response: httpx.Response) -> Sequence[Mapping[str, Any]]:
        if response.status_code != httpx.codes.OK:
            raise AriError(self._refusal(response.status_code))
        try:
            rows = json.loads(response.content)
        except ValueError:
            rows = None
        if not isinstance(rows, list):
            raise AriError(f"what answers at {self._base} is no Asterisk")
        return [one for one in rows if isinstance(one, Mapping)]

    def _away(self, error: Exception) -> AriError:
        return AriError(f"Asterisk at {self._base} is away: {type(error).__name__}")

    def _refusal(self, status: int) -> str:
        if status in DENIED:
            return f'Asterisk at {self._base} refuses the user "{self._config.user}": see ari.conf and its secret'
        return f"Asterisk at {self._base} answers with {status}"

    def _basic(self) -> str:
        user, password = self._secret
        return "Basic " + base64.b64encode(f"{user}:{password.get_secret_value()}".encode()).decode()
