"""The `feishu_bot` transport: alerts to staff by a custom group bot 自定义机器人 of Feishu 飞书 (Lark).

    POST https://open.feishu.cn/open-apis/bot/v2/hook/<token>
    {"timestamp": "1599360473", "sign": "…", "msg_type": "text", "content": {"text": "…"}}

open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: `sign` is the base64 of the HMAC-SHA256 of nothing under the key
"timestamp, line feed, secret", its timestamp in seconds and within an hour. 100 posts a minute and 5 a second; a body of 20 KB.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from services.notify.plugins.group_bot import BotConfig, GroupBot, Limit
from services.notify.plugins.markup import plain
from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportSetup
from shared.plugins import Plugin, SecretName

_LATER: Final = frozenset({11232, 99991400})
"""Too often, by the bots' own code and by that of the whole interface."""


class FeishuBotConfig(BotConfig):
    """Settings of `feishu_bot`."""

    token: SecretName
    """Name of the secret that holds the last part of the bot's address."""
    secret: SecretName | None = None
    """Name of the secret that holds the key of the signature; None where another safeguard is set."""
    api: str = Field(default="https://open.feishu.cn", pattern=r"^https?://[^/?#@]+$")
    """Where the vendor's interface is; https://open.larksuite.com for Lark."""


class FeishuBot:
    """What is particular to Feishu."""

    name = "feishu_bot"
    limits = (Limit(100, 60.0), Limit(5, 1.0))
    longest = 9_000
    """So that its JSON, in which some characters take two bytes, and what is around it stay within 20 KB."""

    def __init__(self, setup: TransportSetup) -> None:
        config: FeishuBotConfig = setup.config
        token = setup.secret(config.token).get_secret_value()
        self._url = f"{config.api}/open-apis/bot/v2/hook/{quote(token, safe='')}"
        self._secret = setup.secret(config.secret).get_secret_value() if config.secret else None

    def text(self, out: Outbound) -> str:
        """Return the message; `<at user_id="all">` in it would call everybody."""
        return f"{plain(out.message.subject)}\n{plain(out.message.text)}"

    def request(self, text: str, phones: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
        """Return address and signed body; Feishu's bots call nobody by a number."""
        del phones
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self._secret is not None:
            body = signed(int(time.time()), self._secret) | body
        return self._url, body

    def outcome(self, answer: Mapping[str, Any]) -> Outcome:
        """Return what the answer means, in its present and its former form."""
        code = answer.get("code", answer.get("StatusCode"))
        if code == 0:
            return Sent()
        return Retry(f"refused with {code}") if code in _LATER else Rejected(f"refused with {code}")


def signed(seconds: int, secret: str) -> dict[str, str]:
    """Return the fields of the body that sign a post."""
    seal = hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)
    return {"timestamp": str(seconds), "sign": base64.b64encode(seal).decode()}


plugin = Plugin(
    kind="transport",
    name="feishu_bot",
    api=1,
    summary="Alerts to staff by a Feishu group bot",
    build=lambda setup: GroupBot(setup, FeishuBot(setup)),
    config=FeishuBotConfig,
)
