"""The access token of an official account: fetched once, kept while it is good, fetched again in time.

By the interface of the stable token (developers.weixin.qq.com/doc/offiaccount/Basic_Information/getStableAccessToken.html):
all who ask without force get the same token, so that several processes do not end one another's; it is renewed in the
last five minutes of its 7,200 seconds. With force a new one is made, at most 20 times a day and 30 seconds apart.
"""

import asyncio
from time import monotonic as now
from typing import Final

from pydantic import SecretStr

from services.notify.ports import Retry
from shared.outbound import Answer, HttpClient

RENEWED_SECONDS: Final = 300.0
"""Before the end of a token; the vendor gives out the next one from then on, and takes both."""
SHORTEST_SECONDS: Final = 60.0
FORCED_SECONDS: Final = 7_200.0
"""Between two tokens by force in this process: twelve a day at most, of the twenty that the account has."""


class AccessToken:
    """The token of one account; several tasks may ask at once, one of them fetches."""

    def __init__(self, client: HttpClient, api: str, app_id: str, secret: SecretStr) -> None:
        self._client = client
        self._url = f"{api}/cgi-bin/stable_token"
        self._app_id = app_id
        self._secret = secret
        self._token = ""
        self._good_until = 0.0
        self._forced_at = -FORCED_SECONDS
        self._lock = asyncio.Lock()

    async def get(self) -> str | Retry:
        """Return a token that is good now, or why there is none."""
        async with self._lock:
            if self._token and now() < self._good_until:
                return self._token
            return await self._fetched(force=False)

    async def instead_of(self, refused: str) -> str | Retry:
        """Return another token than the one that the vendor has refused; by force where it gives out the same again."""
        async with self._lock:
            if self._token not in {"", refused}:
                return self._token  # another task was faster
            self._token = ""
            token = await self._fetched(force=False)
            if token != refused:
                return token
            self._token = ""
            if now() - self._forced_at < FORCED_SECONDS:
                return Retry("the access token is refused, and another one was made just now")
            self._forced_at = now()
            return await self._fetched(force=True)

    async def _fetched(self, *, force: bool) -> str | Retry:
        asked = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._secret.get_secret_value(),
            "force_refresh": force,
        }
        result = await self._client.post_json(self._url, asked)
        if not isinstance(result, Answer):
            return Retry(f"no access token: {result.reason}")
        answer = result.values()
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            code = answer.get("errcode", result.status)
            return Retry(f"no access token: refused with {code if isinstance(code, int) else result.status}")
        self._token = token
        self._good_until = now() + max(seconds - RENEWED_SECONDS, min(seconds / 2, SHORTEST_SECONDS))
        return token
