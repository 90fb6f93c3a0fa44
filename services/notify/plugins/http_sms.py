"""The `http_sms` transport: SMS by any provider with an HTTP interface, told by configuration how to ask and to read.

    http_sms:
      url: https://sms.example.com/v2/send?account={account}
      body: {mobile: "{to}", content: "{text}", uid: "{notification_id}"}
      headers: {Authorization: "Bearer {token}"}
      secrets: {account: sms_account, token: sms_token}
      answer: {pointer: /code, taken: ["0"], reference: /msgid}

What stands in braces is the name of a value, replaced once and as it is (R-NT-03): there are no expressions, and a value
with braces in it stays one. In an address and in a form values are encoded, in JSON they are strings.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr, model_validator

from services.notify.plugins.sms.fields import fields_in, filled, filled_json
from services.notify.plugins.sms.mobiles import Form, Mobile
from services.notify.plugins.sms.provider import SmsProvider
from services.notify.plugins.sms.reading import AnswerOf
from services.notify.plugins.sms.verdicts import answered
from services.notify.plugins.sms.wording import SOURCES, value_of
from services.notify.ports import Outbound, Outcome, TransportSetup
from shared.outbound import Answer, Trusted
from shared.plugins import Config, Plugin, SecretName

_OWN: Final = frozenset({"to", "locale", "audience", "timestamp"})
_IN_HEADERS: Final = frozenset({"notification_id", "timestamp", "purpose"})


class HttpSmsConfig(Config):
    """Settings of `http_sms`."""

    url: str = Field(pattern=r"^https?://[^/?#{}@\s]+(?:[/?][^\s#]*)?$")
    """Where the provider is asked; names in braces may stand behind the host."""
    method: Literal["POST", "GET", "PUT"] = "POST"
    """How the provider is asked."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers; besides secrets they may hold `notification_id`, `timestamp` and `purpose`."""
    body: Any = None
    """What is sent as JSON; each string in it may hold names in braces."""
    form: dict[str, str] | None = None
    """What is sent as a form, in the place of `body`."""
    secrets: dict[str, SecretName] = Field(default_factory=dict)
    """Names in braces that stand for secrets, each with the name of its secret."""
    number: Form = "national"
    """How numbers are written: `13800138000`, `+8613800138000` (e164) or `8613800138000` (digits)."""
    answer: AnswerOf = Field(default_factory=AnswerOf)
    """How the answer is read."""
    trusted_hosts: Trusted = ()
    """Hosts or networks that are inner ones, or asked in clear text, and may be called nevertheless."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.body is not None and self.form is not None:
            raise ValueError("a request has either body or form")
        if clash := sorted(self.secrets.keys() & (SOURCES | _OWN)):
            raise ValueError(f"{', '.join(clash)} is the name of a value, a secret needs another one")
        known = SOURCES | _OWN | self.secrets.keys()
        used = fields_in([self.url, self.body, self.form])
        if unknown := sorted(used - known):
            raise ValueError(f"no message has {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        in_headers = _IN_HEADERS | self.secrets.keys()
        if unknown := sorted(fields_in(self.headers) - in_headers):
            raise ValueError(f"a header cannot hold {', '.join(unknown)}, only {', '.join(sorted(in_headers))}")
        return self


class HttpSms(SmsProvider):
    """One request for each message."""

    name = "http_sms"

    def __init__(self, setup: TransportSetup) -> None:
        config: HttpSmsConfig = setup.config
        super().__init__(setup, config.trusted_hosts)
        self._config = config
        self._secrets: Mapping[str, SecretStr] = {name: setup.secret(of) for name, of in config.secrets.items()}

    async def _asked_for(self, out: Outbound, mobile: Mobile) -> Outcome:
        config, values = self._config, self._values(out, mobile)
        body, kind = self._body(values)
        headers = kind | {name: filled(text, values) for name, text in config.headers.items()}
        url = filled(config.url, {name: quote(value, safe="") for name, value in values.items()})
        answer = answered(await self._client.request(config.method, url, body, headers))
        return config.answer.outcome(answer) if isinstance(answer, Answer) else answer

    def _values(self, out: Outbound, mobile: Mobile) -> dict[str, str]:
        own = {
            "to": mobile.written(self._config.number),
            "locale": out.message.locale,
            "audience": out.audience,
            "timestamp": str(int(datetime.now(UTC).timestamp())),  # real time: providers sign and check it
            "text": out.message.text,
        }
        secrets = {name: secret.get_secret_value() for name, secret in self._secrets.items()}
        return {name: value_of(name, out) for name in SOURCES} | own | secrets

    def _body(self, values: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
        config = self._config
        if config.form is not None:
            form = {name: filled(text, values) for name, text in config.form.items()}
            return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        if config.body is not None:
            return filled_json(config.body, values), {"Content-Type": "application/json; charset=utf-8"}
        return b"", {}


plugin = Plugin(
    kind="transport",
    name="http_sms",
    api=1,
    summary="SMS by any provider with an HTTP interface",
    build=HttpSms,
    config=HttpSmsConfig,
)
