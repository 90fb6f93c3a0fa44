"""The two calls of WeCom's interface that fetching takes: the access token, and `kf/sync_msg`.

developer.work.weixin.qq.com/document/path/91039 (gettoken), /94670 (sync_msg).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic as now
from typing import Any, Final
from urllib.parse import urlencode

from shared.outbound import Answer, HttpClient
from shared.outbound.result import Result

MOST: Final = 1_000
"""Messages of one answer."""
LONGEST_ANSWER: Final = 16_000_000
WAIT_SECONDS: Final = 10.0
_RENEWED_SECONDS: Final = 300.0
_BAD_TOKEN: Final = frozenset({40001, 40014, 42001})


class VendorAway(Exception):
    """The vendor's interface did not give what it was asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages to one customer-service account, and where the next ones begin."""

    messages: Sequence[Mapping[str, Any]]
    cursor: str
    more: bool


class Vendor:
    """WeCom's interface for one enterprise."""

    def __init__(self, api: str, corp_id: str, secret: Callable[[], str], trusted: Sequence[str] = ()) -> None:
        self._api = api
        self._corp_id = corp_id
        self._secret = secret
        self._client = HttpClient(
            wait_seconds=WAIT_SECONDS, trusted=trusted, longest_answer=LONGEST_ANSWER, connections=2
        )
        self._token = ""
        self._good_until = 0.0

    async def messages(self, open_kfid: str, cursor: str, event_token: str) -> Page:
        """Return the messages after `cursor`; `VendorAway` where they cannot be had now.

        `event_token` came with the announcement and is good for ten minutes; without one the vendor answers seldom.
        """
        asked = {"open_kfid": open_kfid, "limit": MOST}
        asked |= {name: value for name, value in (("cursor", cursor), ("token", event_token)) if value}
        answer = await self._asked(asked)
        given = answer.get("msg_list", [])
        following = answer.get("next_cursor")
        if not isinstance(given, list) or not isinstance(following, str):
            raise VendorAway("the answer has no messages")
        return Page([one for one in given if isinstance(one, Mapping)], following, answer.get("has_more") == 1)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _asked(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(2):
            query = urlencode({"access_token": await self._access()})
            answer = _read(await self._client.post_json(f"{self._api}/cgi-bin/kf/sync_msg?{query}", asked))
            if answer.get("errcode") not in _BAD_TOKEN:
                break
            self._token = ""
        if answer.get("errcode", 0) != 0:
            raise VendorAway(f"refused with {_code(answer)}")
        return answer

    async def _access(self) -> str:
        if self._token and now() < self._good_until:
            return self._token
        query = urlencode({"corpid": self._corp_id, "corpsecret": self._secret()})
        answer = _read(await self._client.request("GET", f"{self._api}/cgi-bin/gettoken?{query}"))
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise VendorAway(f"no access token: refused with {_code(answer)}")
        self._token, self._good_until = token, now() + max(seconds - _RENEWED_SECONDS, seconds / 2)
        return token


def _read(result: Result) -> Mapping[str, Any]:
    """Return the object of an answer; `VendorAway` where there is none."""
    if not isinstance(result, Answer):
        raise VendorAway(result.reason)
    answer = result.values()
    if not result.taken or not answer:
        raise VendorAway(f"answered with {result.status}")
    return answer


def _code(answer: Mapping[str, Any]) -> int | str:
    code = answer.get("errcode")
    return code if isinstance(code, int) else "no code"
