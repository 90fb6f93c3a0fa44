"""The `dingtalk_bot` transport: alerts to staff by a custom group bot 自定义机器人 of DingTalk 钉钉.

    POST https://oapi.dingtalk.com/robot/send?access_token=…&timestamp=…&sign=…
    {"msgtype": "text", "text": {"content": "…"}, "at": {"isAtAll": false, "atMobiles": []}}

open.dingtalk.com/document/robots/customize-robot-security-settings: `sign` is the base64 of the HMAC-SHA256 of
"timestamp, line feed, secret" under the secret, its timestamp in milliseconds and within an hour of DingTalk's. 20 posts a
minute; who posts more is shut out for ten (open.dingtalk.com/document/robots/custom-robot-access).
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import urlencode

from pydantic import Field

from services.notify.plugins.group_bot import BotConfig, GroupBot, Limit
from services.notify.plugins.markup import no_markdown, plain, shortened
from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportSetup
from shared.plugins import Plugin, SecretName

_LATER: Final = frozenset({-1, 130101, 410100})
"""Busy; too often, by its old and its new code."""
_TITLE: Final = 60


class DingtalkBotConfig(BotConfig):
    """Settings of `dingtalk_bot`."""

    access_token: SecretName
    """Name of the secret that holds the token of the bot's address."""
    secret: SecretName | None = None
    """Name of the secret that holds the key of the signature (SEC…); None where another safeguard is set."""
    format: Literal["text", "markdown"] = "text"
    """How messages are shown; in Markdown links are not links any more."""
    api: str = Field(default="https://oapi.dingtalk.com", pattern=r"^https?://[^/?#@]+$")
    """Where the vendor's interface is; another address for a proxy."""


class DingtalkBot:
    """What is particular to DingTalk."""

    name = "dingtalk_bot"
    limits = (Limit(20, 60.0),)
    longest = 4_800
    """DingTalk names 5,000 characters; the numbers that are called are added to it."""

    def __init__(self, setup: TransportSetup) -> None:
        config: DingtalkBotConfig = setup.config
        self._api = config.api
        self._token = setup.secret(config.access_token).get_secret_value()
        self._secret = setup.secret(config.secret).get_secret_value() if config.secret else None
        self._markdown = config.format == "markdown"

    def text(self, out: Outbound) -> str:
        """Return the message."""
        if self._markdown:
            return f"**{no_markdown(out.message.subject)}**\n\n{no_markdown(out.message.text)}"
        return f"{plain(out.message.subject)}\n{plain(out.message.text)}"

    def request(self, text: str, phones: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
        """Return the signed address and the body."""
        query = {"access_token": self._token}
        if self._secret is not None:
            query |= signed(int(time.time() * 1000), self._secret)
        said = "\n".join([text, *(f"@{phone}" for phone in phones)])  # who is called must stand in the text as well
        body: dict[str, Any] = {"at": {"isAtAll": False, "atMobiles": list(phones)}}
        if self._markdown:
            title = shortened(text.lstrip("*").partition("\n")[0].rstrip("*"), _TITLE)
            body |= {"msgtype": "markdown", "markdown": {"title": title, "text": said}}
        else:
            body |= {"msgtype": "text", "text": {"content": said}}
        return f"{self._api}/robot/send?{urlencode(query)}", body

    def outcome(self, answer: Mapping[str, Any]) -> Outcome:
        """Return what the answer means."""
        code = answer.get("errcode")
        if code == 0:
            return Sent()
        return Retry(f"refused with {code}") if code in _LATER else Rejected(f"refused with {code}")


def signed(milliseconds: int, secret: str) -> dict[str, str]:
    """Return the parameters of the query that sign a post."""
    seal = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": str(milliseconds), "sign": base64.b64encode(seal).decode()}


plugin = Plugin(
    kind="transport",
    name="dingtalk_bot",
    api=1,
    summary="Alerts to staff by a DingTalk group bot",
    build=lambda setup: GroupBot(setup, DingtalkBot(setup)),
    config=DingtalkBotConfig,
)
