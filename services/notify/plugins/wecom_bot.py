"""The `wecom_bot` transport: alerts to staff by a group bot 群机器人 of WeCom 企业微信.

    POST https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…    {"msgtype": "text", "text": {"content": "…"}}

developer.work.weixin.qq.com/document/path/91770: 20 posts a minute, a text of 2,048 bytes, Markdown of 4,096. The key
in the address is the whole secret.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import Field

from services.notify.plugins.group_bot import BotConfig, GroupBot, Limit
from services.notify.plugins.markup import no_markdown, plain
from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportSetup
from shared.plugins import Plugin, SecretName

_LATER: Final = frozenset({-1, 45009, 45033})
"""Busy; too often; too much at once."""


class WecomBotConfig(BotConfig):
    """Settings of `wecom_bot`."""

    key: SecretName
    """Name of the secret that holds the key of the bot's address."""
    format: Literal["text", "markdown"] = "text"
    """How messages are shown; in Markdown links are not links any more."""
    api: str = Field(default="https://qyapi.weixin.qq.com", pattern=r"^https?://[^/?#@]+$")
    """Where the vendor's interface is; another address for a proxy."""


class WecomBot:
    """What is particular to WeCom."""

    name = "wecom_bot"
    limits = (Limit(20, 60.0),)

    def __init__(self, setup: TransportSetup) -> None:
        config: WecomBotConfig = setup.config
        key = setup.secret(config.key).get_secret_value()
        self._url = f"{config.api}/cgi-bin/webhook/send?key={quote(key, safe='')}"
        self._markdown = config.format == "markdown"
        self.longest = 4_096 if self._markdown else 2_048

    def text(self, out: Outbound) -> str:
        """Return the message."""
        if self._markdown:
            return f"**{no_markdown(out.message.subject)}**\n{no_markdown(out.message.text)}"
        return f"{plain(out.message.subject)}\n{plain(out.message.text)}"

    def request(self, text: str, phones: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
        """Return address and body; Markdown calls nobody by a number."""
        if self._markdown:
            return self._url, {"msgtype": "markdown", "markdown": {"content": text}}
        called = {"mentioned_mobile_list": list(phones)} if phones else {}
        return self._url, {"msgtype": "text", "text": {"content": text, **called}}

    def outcome(self, answer: Mapping[str, Any]) -> Outcome:
        """Return what the answer means."""
        code = answer.get("errcode")
        if code == 0:
            return Sent()
        return Retry(f"refused with {code}") if code in _LATER else Rejected(f"refused with {code}")


plugin = Plugin(
    kind="transport",
    name="wecom_bot",
    api=1,
    summary="Alerts to staff by a WeCom group bot",
    build=lambda setup: GroupBot(setup, WecomBot(setup)),
    config=WecomBotConfig,
)
