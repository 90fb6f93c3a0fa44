"""The `tencent_sms` transport: SMS by Tencent Cloud 腾讯云短信, one SendSms for each message.

cloud.tencent.com/document/api/382/55981. `SessionContext` is the notification's id; the receipt names the message by
its `SerialNo`, which is the vendor's name for it here.
"""

import json
import time
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Field

from services.notify.plugins.sms.mobiles import Mobile
from services.notify.plugins.sms.provider import SmsProvider
from services.notify.plugins.sms.tencent_answers import outcome
from services.notify.plugins.sms.tencent_signature import authorization
from services.notify.plugins.sms.verdicts import answered
from services.notify.plugins.sms.wording import ByUse, Language, Parameter, chosen, language_of
from services.notify.ports import Outbound, Outcome, Rejected, TransportSetup
from shared.outbound import Answer, Trusted
from shared.plugins import Config, Plugin, SecretName

ACTION: Final = "SendSms"
VERSION: Final = "2021-01-11"
_JSON: Final = "application/json; charset=utf-8"


class Template(Config):
    """A template of the account, as `{id: "1110", parameters: [work_order]}`: the vendor counts parameters, from 1."""

    id: str = Field(pattern=r"^\d{1,20}$")
    """The vendor's id of the template, in quotation marks."""
    parameters: tuple[Parameter, ...] = ()
    """What stands in its variables, in their order."""


class TencentSmsConfig(Config):
    """Settings of `tencent_sms`."""

    secret_id: str
    """The SecretId of a sub-account that may send SMS and nothing else."""
    secret_key: SecretName
    """Name of the secret that holds the SecretKey."""
    app_id: str = Field(pattern=r"^\d{1,20}$")
    """The SmsSdkAppId of the application."""
    sign_name: dict[Language, str] = Field(min_length=1)
    """The approved signature 签名, without brackets; another language takes the Chinese one."""
    templates: ByUse[Template] = Field(min_length=1)
    """The approved templates by purpose (or `default`) and language."""
    region: str = Field(default="ap-guangzhou", pattern=r"^[a-z0-9-]{1,40}$")
    """The region of the application."""
    sender_id: str | None = None
    """For numbers abroad, where one was agreed."""
    endpoint: str = Field(default="https://sms.tencentcloudapi.com", pattern=r"^https?://[^/?#@]+$")
    """Where the service is asked."""
    trusted_hosts: Trusted = ()
    """Hosts or networks that are inner ones and may be called nevertheless, as a proxy."""


class TencentSms(SmsProvider):
    """One request for each message."""

    name = "tencent_sms"

    def __init__(self, setup: TransportSetup) -> None:
        config: TencentSmsConfig = setup.config
        super().__init__(setup, config.trusted_hosts)
        self._config = config
        self._host = urlsplit(config.endpoint).netloc
        self._secret = setup.secret(config.secret_key)

    async def _asked_for(self, out: Outbound, mobile: Mobile) -> Outcome:
        template = chosen(self._config.templates, out)
        if template is None:
            return Rejected(f"no template for {out.purpose}")
        body = json.dumps(self._body(out, mobile, template), ensure_ascii=False).encode()
        answer = answered(await self._client.request("POST", f"{self._config.endpoint}/", body, self._headers(body)))
        return outcome(answer) if isinstance(answer, Answer) else answer

    def _body(self, out: Outbound, mobile: Mobile, template: Template) -> dict[str, Any]:
        config = self._config
        body: dict[str, Any] = {
            "PhoneNumberSet": [mobile.written("e164")],
            "SmsSdkAppId": config.app_id,
            "SignName": config.sign_name.get(language_of(out)) or next(iter(config.sign_name.values())),
            "TemplateId": template.id,
            "TemplateParamSet": [parameter.of(out) for parameter in template.parameters],
            "SessionContext": out.message.notification_id,
        }
        return body | ({"SenderId": config.sender_id} if config.sender_id and not mobile.mainland else {})

    def _headers(self, body: bytes) -> dict[str, str]:
        """Sign with this machine's clock: the vendor refuses one that is off by five minutes."""
        at = int(time.time())
        signed = {"Content-Type": _JSON, "Host": self._host, "X-TC-Action": ACTION}
        seal = authorization(
            signed,
            body,
            service="sms",
            at=at,
            key_id=self._config.secret_id,
            secret=self._secret.get_secret_value(),
        )
        return {
            "Content-Type": _JSON,
            "X-TC-Action": ACTION,
            "X-TC-Version": VERSION,
            "X-TC-Timestamp": str(at),
            "X-TC-Region": self._config.region,
            "Authorization": seal,
        }


plugin = Plugin(
    kind="transport",
    name="tencent_sms",
    api=1,
    summary="SMS by Tencent Cloud, with its templates and receipts",
    build=TencentSms,
    config=TencentSmsConfig,
)
