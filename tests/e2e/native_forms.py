"""The same contact as eight channels bring it: what a browser, a mail server, WeChat, Weibo, a carrier or a desk sends."""

import asyncio
import hashlib
import hmac
import json
import smtplib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import httpx

from shared.wechat import Cipher, signature

CHINA: Final = timezone(timedelta(hours=8))
KEY: Final = "what the desk and the app sign with"
TOKEN: Final = "a token that is part of an address"
WECHAT_TOKEN, WECHAT_KEY, APP_ID = (
    "thetokenofwechat",
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "wx1234567890abcdef",
)
WEIBO_SECRET: Final = "0123456789abcdef0123456789abcdef"
MAILBOX: Final = "service@example.com"

SECRETS: Final[dict[str, Any]] = {
    "YINGDA_SECRET_HOUSE_KEY": KEY,
    "YINGDA_SECRET_SMS_TOKEN": "4f1f0c9c2a7e4d6a8b5b3f2d1c0e9a87",
    "YINGDA_SECRET_WECHAT_TOKEN": WECHAT_TOKEN,
    "YINGDA_SECRET_WECHAT_KEY": WECHAT_KEY,
    "YINGDA_SECRET_WEIBO_SECRET": WEIBO_SECRET,
}
ENDPOINTS: Final[Mapping[str, Any]] = {
    "web_form": {},
    "sms": {"aliyun_token": "sms_token"},
    "wechat": {"accounts": {"shop": {"app_id": APP_ID, "token": "wechat_token", "aes_keys": ["wechat_key"]}}},
    "weibo": {"accounts": {"shop": {"app_secret": "weibo_secret"}}},
    "webhook": {
        "senders": {
            "app": {"channel": "app", "keys": ["house_key"]},
            "calls": {"channel": "phone", "keys": ["house_key"]},
            "counter": {"channel": "walk_in", "keys": ["house_key"]},
        }
    },
}


@dataclass(frozen=True, slots=True)
class Case:
    """One customer with one matter."""

    number: int
    text: str

    @property
    def phone(self) -> str:
        return f"1390057{self.number:04}"

    @property
    def email(self) -> str:
        return f"customer{self.number}@example.com"

    @property
    def openid(self) -> str:
        return f"oABCDEFGHIJKLMNOPQRSTUV{self.number:04}"

    @property
    def uid(self) -> int:
        return 2_489_500_000 + self.number

    def form(self) -> dict[str, Any]:
        """The generic form, as the house's own programs write it."""
        customer = {"name": f"客户{self.number}", "phone": self.phone, "email": self.email}
        return {"occurred_at": datetime.now(CHINA).isoformat(), "text": self.text, "customer": customer}


class Channels:
    """Sends cases over each channel; each method raises unless the contact was taken."""

    def __init__(self, http: httpx.AsyncClient, gateway: str, lmtp: tuple[str, int]) -> None:
        self._http = http
        self._gateway = gateway
        self._lmtp = lmtp
        self._began = datetime.now(CHINA)  # what is sent again is the same to the byte

    async def web(self, case: Case) -> None:
        """The form of the website, as a browser's script posts it."""
        form = {"id": f"form-{case.number}", "text": case.text, "phone": case.phone, "email": case.email}
        await self._post("/web_form", json.dumps(form).encode(), {"Content-Type": "application/json"})

    async def email(self, case: Case) -> None:
        """A mail from a Chinese mail client, handed over by the house's mail server."""
        mail = EmailMessage()
        mail["From"] = f"客户{case.number} <{case.email}>"
        mail["To"] = MAILBOX
        mail["Subject"] = "您好"
        mail["Message-ID"] = f"<mail-{case.number}@mail.example.com>"
        mail["Date"] = self._began
        mail.set_content(f"{case.text}\n\n发自我的iPhone\n", charset="gb18030")
        await asyncio.to_thread(self._hand_over, mail, case.email)

    async def wechat(self, case: Case) -> None:
        """A message to the official account in safe mode."""
        now = int(time.time())
        xml = (
            f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{case.openid}</FromUserName><CreateTime>{now}</CreateTime>"
            f"<MsgType>text</MsgType><Content>{escape(case.text)}</Content><MsgId>{7_000_000 + case.number}</MsgId></xml>"
        )
        sealed = Cipher(WECHAT_KEY, APP_ID).encrypt(xml)
        timestamp, nonce = str(now), f"nonce{case.number}"
        query = {
            "signature": signature(WECHAT_TOKEN, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": signature(WECHAT_TOKEN, timestamp, nonce, sealed),
        }
        body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
        await self._post(f"/wechat/shop?{urlencode(query)}", body.encode(), {"Content-Type": "text/xml"})

    async def weibo(self, case: Case) -> None:
        """A direct message to the house's account."""
        timestamp, nonce = str(int(time.time())), f"nonce{case.number}"
        push = {
            "type": "text",
            "receiver_id": 1_902_538_057,
            "sender_id": case.uid,
            "created_at": f"{self._began:%a %b %d %H:%M:%S %z %Y}",
            "text": case.text,
            "data": {},
        }
        query = {"signature": signature(WEIBO_SECRET, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        await self._post(
            f"/weibo/shop?{urlencode(query)}", json.dumps(push).encode(), {"Content-Type": "application/json"}
        )

    async def sms(self, case: Case) -> None:
        """A short message that Aliyun pushes on."""
        message = {
            "phone_number": case.phone,
            "content": case.text,
            "send_time": f"{self._began:%Y-%m-%d %H:%M:%S}",
            "dest_code": "1069",
            "sequence_id": str(9_000_000 + case.number),
        }
        path = f"/sms/aliyun/{SECRETS['YINGDA_SECRET_SMS_TOKEN']}"
        await self._post(path, json.dumps([message]).encode(), {"Content-Type": "application/json"})

    async def app(self, case: Case) -> None:
        """The customer's app, by way of its own server."""
        await self._signed("app", f"app-{case.number}", case.form())

    async def phone(self, case: Case) -> None:
        """What the agent wrote down of a call."""
        call = {"rings": 2, "introduction_seconds": 8}
        form = case.form() | {"agent_id": "service-1", "duration_seconds": 120, "call": call}
        await self._signed("calls", f"call-{case.number}", form)

    async def walk_in(self, case: Case) -> None:
        """What the desk wrote down of a visit."""
        await self._signed("counter", f"visit-{case.number}", case.form() | {"agent_id": "service-2"})

    async def _signed(self, sender: str, name: str, form: Mapping[str, Any]) -> None:
        body = json.dumps({"id": name, "data": form}, ensure_ascii=False).encode()
        timestamp = str(int(datetime.now(UTC).timestamp()))
        seal = hmac.new(KEY.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Yingda-Timestamp": timestamp, "X-Yingda-Signature": f"sha256={seal}"}
        await self._post(f"/webhook/{sender}", body, headers | {"Content-Type": "application/json"})

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        answer = await self._http.post(f"{self._gateway}{path}", content=body, headers=dict(headers))
        assert answer.is_success, (path.partition("?")[0], answer.status_code, answer.text)

    def _hand_over(self, mail: EmailMessage, sender: str) -> None:
        with smtplib.LMTP(*self._lmtp) as server:
            server.send_message(mail, sender, [MAILBOX])
