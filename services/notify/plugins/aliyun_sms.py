"""The `aliyun_sms` transport: SMS by Aliyun 阿里云短信服务, one SendSms for each message.

help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms. `OutId` is the notification's id and comes
back in the receipt (SmsReport), `BizId` is the vendor's name for the message. SendBatchSms gives a hundred messages one
`BizId` and one `OutId`, so that their receipts could not be told apart; it is not used.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field

from services.notify.plugins.sms.aliyun_answers import outcome
from services.notify.plugins.sms.aliyun_signature import acs3_headers, query_of, rpc_signature
from services.notify.plugins.sms.mobiles import Mobile
from services.notify.plugins.sms.provider import SmsProvider
from services.notify.plugins.sms.verdicts import answered
from services.notify.plugins.sms.wording import ByUse, Language, Parameter, chosen, language_of
from services.notify.ports import Outbound, Outcome, Rejected, TransportSetup
from shared.outbound import Answer, Trusted
from shared.outbound.result import Result
from shared.plugins import Config, Plugin, SecretName

ACTION: Final = "SendSms"
VERSION: Final = "2017-05-25"


class Template(Config):
    """A template of the account, as `{code: SMS_…, parameters: {number: work_order}}`."""

    code: str = Field(pattern=r"^[A-Za-z0-9_]{1,64}$")
    """The vendor's code of the template."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """What stands in its variables, by name."""


class AliyunSmsConfig(Config):
    """Settings of `aliyun_sms`."""

    access_key_id: str
    """The AccessKey ID of a RAM user that may send SMS and nothing else."""
    access_key_secret: SecretName
    """Name of the secret that holds the key's secret."""
    sign_name: dict[Language, str] = Field(min_length=1)
    """The approved signature 短信签名; another language takes the Chinese one."""
    templates: ByUse[Template] = Field(min_length=1)
    """The approved templates by purpose (or `default`) and language."""
    signature: Literal["acs3", "rpc"] = "acs3"
    """How requests are signed: ACS3-HMAC-SHA256, or HMAC-SHA1 as before it."""
    endpoint: str = Field(default="https://dysmsapi.aliyuncs.com", pattern=r"^https?://[^/?#@]+$")
    """Where the service is asked; another region has another address."""
    trusted_hosts: Trusted = ()
    """Hosts or networks that are inner ones and may be called nevertheless, as a proxy."""


class AliyunSms(SmsProvider):
    """One request for each message."""

    name = "aliyun_sms"

    def __init__(self, setup: TransportSetup) -> None:
        config: AliyunSmsConfig = setup.config
        super().__init__(setup, config.trusted_hosts)
        self._config = config
        self._host = urlsplit(config.endpoint).netloc
        self._secret = setup.secret(config.access_key_secret)

    async def _asked_for(self, out: Outbound, mobile: Mobile) -> Outcome:
        template = chosen(self._config.templates, out)
        if template is None:
            return Rejected(f"no template for {out.purpose}")
        answer = answered(await self._asked(self._parameters(out, mobile, template)))
        return outcome(answer) if isinstance(answer, Answer) else answer

    def _parameters(self, out: Outbound, mobile: Mobile, template: Template) -> dict[str, str]:
        names = self._config.sign_name
        values = {name: parameter.of(out) for name, parameter in template.parameters.items()}
        given = {"TemplateParam": json.dumps(values, ensure_ascii=False)} if values else {}
        return {
            "PhoneNumbers": mobile.written("national"),
            "SignName": names.get(language_of(out)) or next(iter(names.values())),
            "TemplateCode": template.code,
            "OutId": out.message.notification_id,
            **given,
        }

    async def _asked(self, parameters: dict[str, str]) -> Result:
        """Ask for one SMS, signed with this machine's clock: the vendor refuses one that is off by 15 minutes."""
        config, secret = self._config, self._secret.get_secret_value()
        date, nonce = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", secrets.token_hex(16)
        if config.signature == "acs3":
            headers = acs3_headers(
                parameters,
                host=self._host,
                action=ACTION,
                version=VERSION,
                date=date,
                nonce=nonce,
                key_id=config.access_key_id,
                secret=secret,
            )
            headers = {name: value for name, value in headers.items() if name != "host"}
            return await self._client.request("POST", f"{config.endpoint}/?{query_of(parameters)}", headers=headers)
        form = parameters | {
            "AccessKeyId": config.access_key_id,
            "Action": ACTION,
            "Format": "JSON",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": nonce,
            "SignatureVersion": "1.0",
            "Timestamp": date,
            "Version": VERSION,
        }
        form["Signature"] = rpc_signature(form, secret=secret)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._client.request("POST", f"{config.endpoint}/", query_of(form).encode(), kind)


plugin = Plugin(
    kind="transport",
    name="aliyun_sms",
    api=1,
    summary="SMS by Aliyun, with its templates and receipts",
    build=AliyunSms,
    config=AliyunSmsConfig,
)
