"""The SMS transports keep what every transport promises."""

from collections.abc import Mapping
from typing import Any, ClassVar

from services.notify.plugins import aliyun_sms, http_sms, tencent_sms
from shared.testing.contracts import HttpTransportContract
from shared.testing.contracts.stand_in import Answer
from shared.testing.embedded_ports import LOOPBACK
from tests.unit.notify.sms_vendors import ALIYUN, TENCENT

SECRETS: Mapping[str, str] = {"vendor_secret": "a-secret-of-the-vendor"}
TRUST: Mapping[str, Any] = {"trusted_hosts": [LOOPBACK]}


class TestAliyunSms(HttpTransportContract):
    plugin = aliyun_sms.plugin
    config: ClassVar[Mapping[str, Any]] = {**ALIYUN, **TRUST}
    secrets: ClassVar[Mapping[str, str]] = SECRETS
    takes: ClassVar[Answer] = (200, b'{"Code": "OK", "BizId": "9006^0"}')
    refuses: ClassVar[Answer] = (200, b'{"Code": "isv.SMS_TEMPLATE_ILLEGAL"}')
    later: ClassVar[Answer] = (200, b'{"Code": "isv.BUSINESS_LIMIT_CONTROL"}')

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"endpoint": url}


class TestTencentSms(HttpTransportContract):
    plugin = tencent_sms.plugin
    config: ClassVar[Mapping[str, Any]] = {**TENCENT, **TRUST}
    secrets: ClassVar[Mapping[str, str]] = SECRETS
    takes: ClassVar[Answer] = (200, b'{"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "5000:1"}]}}')
    refuses: ClassVar[Answer] = (200, b'{"Response": {"Error": {"Code": "InvalidParameterValue.ContentLengthLimit"}}}')
    later: ClassVar[Answer] = (
        200,
        b'{"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberDailyLimit"}]}}',
    )

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"endpoint": url}


class TestHttpSms(HttpTransportContract):
    plugin = http_sms.plugin
    config: ClassVar[Mapping[str, Any]] = {
        "url": "https://sms.example.com/send",
        "body": {"to": "{to}", "text": "{text}"},
        "headers": {"Authorization": "Bearer {token}"},
        "secrets": {"token": "vendor_secret"},
        **TRUST,
    }
    secrets: ClassVar[Mapping[str, str]] = SECRETS

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"url": f"{url}/send"}
