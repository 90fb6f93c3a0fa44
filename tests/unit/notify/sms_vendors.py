"""Aliyun's and Tencent's SMS interfaces as they document them: signatures computed here by other means than the transports'."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import SecretStr

from services.notify.ports import Message, Outbound, Outcome, Sender, Transport, TransportSetup
from shared.plugins import build, config_of, load
from shared.settings import Settings
from shared.testing.embedded_ports import LOOPBACK
from tests.vendor_server import Asked, Reply, VendorServer, vendor_server

KEY_ID, SECRET = "LTAI-test", "a-secret-of-the-vendor"
ALIYUN: dict[str, Any] = {
    "access_key_id": KEY_ID,
    "access_key_secret": "vendor_secret",
    "sign_name": {"zh": "应答客服", "en": "Yingda"},
    "templates": {
        "accepted": {
            "zh": {
                "code": "SMS_1",
                "parameters": {"number": "work_order", "problem": {"value": "problem", "longest": 10}},
            },
            "en": {"code": "SMS_2", "parameters": {"number": "work_order"}},
        },
        "default": {"zh": {"code": "SMS_9", "parameters": {"text": {"value": "text", "longest": 200}}}},
    },
}
TENCENT: dict[str, Any] = {
    "secret_id": KEY_ID,
    "secret_key": "vendor_secret",
    "app_id": "1400006666",
    "sign_name": {"zh": "应答客服", "en": "Yingda"},
    "templates": {
        "accepted": {
            "zh": {"id": "1", "parameters": ["work_order", {"value": "problem", "longest": 10}]},
            "en": {"id": "2", "parameters": ["work_order"]},
        },
        "default": {"zh": {"id": "9", "parameters": [{"value": "text", "longest": 200}]}},
    },
}


@dataclass
class Sms:
    """One SMS that a vendor was asked for."""

    to: str
    sign: str
    template: str
    parameters: list[str]
    context: str


@dataclass
class SmsVendor:
    """A vendor: answers what it is told to, after it has verified the signature."""

    code: Callable[[Sms], Any] = lambda _sms: None
    """Returns a code of the vendor, or a `Reply`, or None for success."""
    sent: list[Sms] = field(default_factory=list)
    server: VendorServer | None = None

    def answer(self, asked: Asked) -> Reply:
        if not self.verified(asked):
            return self.refused("SignatureDoesNotMatch")
        sms = self.read(asked)
        self.sent.append(sms)
        told = self.code(sms)
        if isinstance(told, Reply):
            return told
        return self.refused(told) if told else self.taken(len(self.sent))

    def verified(self, asked: Asked) -> bool:
        raise AssertionError(asked)

    def read(self, asked: Asked) -> Sms:
        raise AssertionError(asked)

    def taken(self, number: int) -> Reply:
        raise AssertionError(number)

    def refused(self, code: str) -> Reply:
        raise AssertionError(code)


class Aliyun(SmsVendor):
    name = "aliyun_sms"
    config = ALIYUN

    def verified(self, asked: Asked) -> bool:
        if "authorization" not in asked.headers:
            return self._verified_rpc(asked)
        told = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=(.+),SignedHeaders=(.+),Signature=([0-9a-f]{64})",
            asked.headers["authorization"],
        )
        assert told is not None
        assert told[1] == KEY_ID
        names = told[2].split(";")
        assert {
            "host",
            "x-acs-action",
            "x-acs-content-sha256",
            "x-acs-date",
            "x-acs-signature-nonce",
            "x-acs-version",
        } <= set(names)
        assert asked.headers["x-acs-action"] == "SendSms"
        assert asked.headers["x-acs-version"] == "2017-05-25"
        assert asked.headers["x-acs-content-sha256"] == hashlib.sha256(asked.body).hexdigest()
        at = datetime.strptime(asked.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert abs((datetime.now(UTC) - at).total_seconds()) < 900
        lines = "".join(f"{name}:{asked.headers[name]}\n" for name in names)
        split = urlsplit(asked.target)
        request = (
            f"{asked.method}\n{split.path}\n{split.query}\n{lines}\n{told[2]}\n{hashlib.sha256(asked.body).hexdigest()}"
        )
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
        return mac("sha256", SECRET.encode(), text.encode()).hex() == told[3]

    def _verified_rpc(self, asked: Asked) -> bool:
        form = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
        given = form.pop("Signature")
        assert form["SignatureMethod"] == "HMAC-SHA1"
        query = "&".join(f"{quote(k, safe='~')}={quote(form[k], safe='~')}" for k in sorted(form))
        text = f"{asked.method}&%2F&{quote(query, safe='~')}"
        return base64.b64encode(mac("sha1", f"{SECRET}&".encode(), text.encode())).decode() == given

    def read(self, asked: Asked) -> Sms:
        given = asked.query if "authorization" in asked.headers else asked.form
        parameters = json.loads(given.get("TemplateParam", "{}"))
        return Sms(
            given["PhoneNumbers"], given["SignName"], given["TemplateCode"], list(parameters.values()), given["OutId"]
        )

    def taken(self, number: int) -> Reply:
        return Reply(value={"Code": "OK", "Message": "OK", "RequestId": "r", "BizId": f"9006{number}^0"})

    def refused(self, code: str) -> Reply:
        status = 200 if code.startswith(("isv.", "isp.")) else 400
        return Reply(status, {"Code": code, "Message": "触发", "RequestId": "r"})


class Tencent(SmsVendor):
    name = "tencent_sms"
    config = TENCENT

    def verified(self, asked: Asked) -> bool:
        told = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=(.+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, SignedHeaders=(.+), Signature=([0-9a-f]{64})",
            asked.headers["authorization"],
        )
        assert told is not None
        assert told[1] == KEY_ID
        at = int(asked.headers["x-tc-timestamp"])
        assert abs(datetime.now(UTC).timestamp() - at) < 300
        assert datetime.fromtimestamp(at, UTC).date().isoformat() == told[2]
        assert (asked.headers["x-tc-action"], asked.headers["x-tc-version"]) == ("SendSms", "2021-01-11")
        names = told[3].split(";")
        assert {"content-type", "host"} <= set(names)
        lines = "".join(f"{name}:{asked.headers[name].lower()}\n" for name in names)
        request = f"POST\n/\n\n{lines}\n{told[3]}\n{hashlib.sha256(asked.body).hexdigest()}"
        text = f"TC3-HMAC-SHA256\n{at}\n{told[2]}/sms/tc3_request\n{hashlib.sha256(request.encode()).hexdigest()}"
        day = mac("sha256", f"TC3{SECRET}".encode(), told[2].encode())
        key = mac("sha256", mac("sha256", day, b"sms"), b"tc3_request")
        return mac("sha256", key, text.encode()).hex() == told[4]

    def read(self, asked: Asked) -> Sms:
        given = asked.json()
        (to,) = given["PhoneNumberSet"]
        assert given["SmsSdkAppId"] == "1400006666"
        return Sms(to, given["SignName"], given["TemplateId"], given["TemplateParamSet"], given["SessionContext"])

    def taken(self, number: int) -> Reply:
        status = {"SerialNo": f"5000:{number}", "PhoneNumber": "+86", "Fee": 1, "Code": "Ok", "Message": "send success"}
        return Reply(value={"Response": {"SendStatusSet": [status], "RequestId": "r"}})

    def refused(self, code: str) -> Reply:
        if code.startswith(("AuthFailure", "RequestLimitExceeded", "Signature", "InternalError")):
            return Reply(value={"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r"}})
        status = {"SerialNo": "", "PhoneNumber": "+86", "Fee": 0, "Code": code, "Message": "m"}
        return Reply(value={"Response": {"SendStatusSet": [status], "RequestId": "r"}})


VENDORS: dict[str, type[Aliyun | Tencent]] = {"aliyun_sms": Aliyun, "tencent_sms": Tencent}


def mac(name: str, key: bytes, text: bytes) -> bytes:
    """Return an HMAC by its definition (RFC 2104), not by the library that the transports use."""
    block = hashlib.new(name).block_size
    key = (hashlib.new(name, key).digest() if len(key) > block else key).ljust(block, b"\0")
    inner = hashlib.new(name, bytes(byte ^ 0x36 for byte in key) + text).digest()
    return hashlib.new(name, bytes(byte ^ 0x5C for byte in key) + inner).digest()


@asynccontextmanager
async def sms(
    vendor: SmsVendor, name: str, config: dict[str, Any], *, at: str = "endpoint", wait: float = 20.0
) -> AsyncIterator[Transport]:
    """Yield the transport `name` with its vendor; `at` is the setting that takes the vendor's address."""
    async with vendor_server(vendor.answer) as server:
        vendor.server = server
        transport = sms_transport(name, {at: server.url, "trusted_hosts": [LOOPBACK], **config}, wait=wait)
        try:
            yield transport
        finally:
            await transport.close()


def sms_transport(name: str, config: dict[str, Any], *, channel: str = "sms", wait: float = 20.0) -> Transport:
    """Return the transport `name`, built from its plugin; every secret is `SECRET`."""
    plugin = load("transport", name)
    transport: Transport = build(
        plugin,
        TransportSetup(
            config=config_of(plugin, config),
            settings=Settings(),
            data=Path(),
            now=lambda: datetime(2026, 11, 23, 2, tzinfo=UTC),
            secrets=lambda _name: SecretStr(SECRET),
            channel=channel,
            wait_seconds=wait,
        ),
    )
    return transport


def outbound(number: int = 1, **changes: Any) -> Outbound:
    """Return a notice to a customer."""
    values: dict[str, Any] = {"purpose": "accepted", "values": {"problem": "净水器不出水", "greeting": "王女士，您好"}}
    message: dict[str, Any] = {
        "notification_id": f"n{number}",
        "to": f"1380013800{number % 10}",
        "subject": "主题",
        "text": "王女士，您好！\n您反映的问题已受理。",
        "locale": "zh-CN",
    }
    for key, value in changes.items():
        (message if key in message else values)[key] = value
    return Outbound(
        Message(**message, sender=Sender("应答", "s@example.com")),
        values["purpose"],
        "customer",
        1,
        values.get("work_order", "XR20261123001"),
        (),
        values["values"],
    )


async def sent(transport: Transport, *messages: Outbound) -> list[Outcome]:
    """Return the outcomes of one batch."""
    return list(await transport.send(messages))
