"""The `wechat_template` transport: template messages 模板消息 of a WeChat official account to its customers.

    POST https://api.weixin.qq.com/cgi-bin/message/template/send?access_token=…
    {"touser": "<openid>", "template_id": "…", "client_msg_id": "…", "data": {"thing1": {"value": "…"}}}

developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html. The vendor drops a second
message of the same `client_msg_id` for ten minutes: what got no answer is asked once more at once, never later.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import Field

from services.notify.plugins.in_time import InTime
from services.notify.plugins.wechat_fields import FieldOf, value_of
from services.notify.plugins.wechat_token import AccessToken
from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportError, TransportSetup, Unknown
from shared.events import Purpose
from shared.outbound import Answer, HttpClient, NotTaken, Trusted
from shared.outbound.result import Result
from shared.plugins import Config, Plugin, SecretName

TOO_SLOW: Final = "the vendor is too slow"
_SERVERS_OWN: Final = 500
_BAD_TOKEN: Final = frozenset({40001, 40014, 42001})
"""Not valid; not valid; run out."""
_LATER: Final = frozenset({-1, 45009, 45011, 45033, 45047, 40164, 48001, 43108})
"""Busy, the day's quota, too often, too much at once, too many to one; our address or right is missing; at once."""
_NOBODY: Final = frozenset({43004, 43101, 40003})
"""The customer does not follow the account (any more), has not subscribed, or is no user of this account."""
_REFUSED: Final = frozenset({40037, 43107, 43116, 45168, 47001, 47003, 40036, 40039})
"""The template, what stands in it or the right to it: a second attempt would be refused the same."""


class Template(Config):
    """A template of the account and what stands in its fields."""

    id: str
    """The template's id in the account."""
    fields: Mapping[str, FieldOf]
    """What stands in each of its fields, by the name without `.DATA`."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s{}]+$")
    """Where a tap on the message leads."""


class WechatTemplateConfig(Config):
    """Settings of `wechat_template`."""

    app_id: str
    """The account's AppID."""
    app_secret: SecretName
    """Name of the secret that holds the account's AppSecret."""
    template: Template
    """For every purpose that has none of its own."""
    by_purpose: Mapping[Purpose, Template] = Field(default_factory=dict)
    """Templates for some purposes, as `survey`."""
    timezone: str = "Asia/Shanghai"
    """In which a field of the source `time` is written."""
    api: str = Field(default="https://api.weixin.qq.com", pattern=r"^https?://[^/?#@]+$")
    """Where the vendor's interface is; another address for a proxy."""
    trusted_hosts: Trusted = ()
    """Hosts or networks that are inner ones and may be called nevertheless, as a proxy."""


class WechatTemplate:
    """Sends one message after the other over kept connections."""

    name = "wechat_template"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup) -> None:
        config: WechatTemplateConfig = setup.config
        if setup.channel != "wechat":
            raise TransportError(f'wechat_template carries wechat and nothing else, not "{setup.channel}"')
        try:
            self._zone = ZoneInfo(config.timezone)
        except (ValueError, LookupError, OSError):
            raise TransportError("its time zone is none that is known") from None
        self.channel = setup.channel
        self._config = config
        self._now = setup.now
        self._client = HttpClient(wait_seconds=setup.wait_seconds, trusted=config.trusted_hosts)
        self._token = AccessToken(self._client, config.api, config.app_id, setup.secret(config.app_secret))

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Send each message; where there is no access token, or the vendor is too slow, the rest is tried later."""
        time = InTime()
        outcomes: list[Outcome] = []
        for out in messages:
            if time.is_over():
                outcomes.append(Retry(TOO_SLOW))
                continue
            token = await self._token.get()
            if isinstance(token, Retry):
                outcomes += [token] * (len(messages) - len(outcomes))
                break
            outcomes.append(Retry(TOO_SLOW) if time.is_over() else await time.outcome(self._sent(out, token)))
        return outcomes

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: the account cannot be asked what it has sent."""
        del ids
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _sent(self, out: Outbound, token: str) -> Outcome:
        body = self._body(out)
        result = await self._post(token, body)
        if _code(result) in _BAD_TOKEN:
            other = await self._token.instead_of(token)
            if isinstance(other, Retry):
                return other
            token = other
            result = await self._post(token, body)
            if _code(result) in _BAD_TOKEN:
                return Retry("the access token is refused, and so is another one")
        if isinstance(result, NotTaken):
            return Retry(f"the vendor cannot be reached: {result.reason}")
        code = _code(result)
        if code is not None:
            return _outcome(code, result)
        again = _outcome_again(await self._post(token, body))
        return again or Unknown("no answer after the message was handed over")

    async def _post(self, token: str, body: Mapping[str, Any]) -> Result:
        query = urlencode({"access_token": token})
        return await self._client.post_json(f"{self._config.api}/cgi-bin/message/template/send?{query}", body)

    def _body(self, out: Outbound) -> dict[str, Any]:
        template = self._config.by_purpose.get(out.purpose, self._config.template)
        at = self._now().astimezone(self._zone)
        body: dict[str, Any] = {
            "touser": out.message.to,
            "template_id": template.id,
            "client_msg_id": hashlib.sha256(out.message.notification_id.encode()).hexdigest()[:32],
            "data": {name: {"value": value_of(name, field, out, at)} for name, field in template.fields.items()},
        }
        return body | ({"url": template.url} if template.url else {})


def _code(result: Result) -> int | None:
    """Return the vendor's code in an answer; None where there is none, so that nobody knows what it did."""
    if not isinstance(result, Answer) or result.status >= _SERVERS_OWN:
        return None
    code = result.values().get("errcode")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _outcome(code: int, result: Result) -> Outcome:
    """Return what a code means; the vendor's words may be personal, so only the code is told."""
    reason = f"refused with {code}"
    if code == 0:
        given = result.values().get("msgid") if isinstance(result, Answer) else None
        return Sent(str(given) if isinstance(given, int | str) else None)
    if code in _LATER:
        return Retry(reason)
    return Rejected(reason, address=code in _NOBODY)


def _outcome_again(result: Result) -> Outcome | None:
    """Return what an answer to the second request means for the first; None where it does not tell.

    A code of which it is not known that it came before anything was done may mean "that I have already".
    """
    code = _code(result)
    if code is None or code not in {0} | _NOBODY | _REFUSED:
        return None
    return _outcome(code, result)


plugin = Plugin(
    kind="transport",
    name="wechat_template",
    api=1,
    summary="Template messages of a WeChat official account",
    build=WechatTemplate,
    config=WechatTemplateConfig,
)
