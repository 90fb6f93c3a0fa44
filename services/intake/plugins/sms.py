"""SMS 短信: an inbound short message as its provider pushes it, or the generic form.

    {"vendor": "http", "message": {"id": "…", "phone": "13800138000", "text": "…", "received_at": "2026-11-23T10:15:00+08:00"}}
    {"vendor": "aliyun", "message": {"phone_number": "…", "content": "…", "send_time": "2017-09-01 00:00:00", …}}
    {"vendor": "tencent", "message": {"mobile": "…", "nationcode": "86", "text": "…", "time": 1457336869, …}}

Providers: help.aliyun.com/zh/sms/developer-reference/smsup-http and tencentcloud.com/document/api/382/43548. Aliyun's
times are China's. The number that it was sent from identifies the customer, and the customer has given it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading, Unreadable, storable
from shared.events import Fault
from shared.plugins import Plugin

CHINA: Final = "+08:00"
MAINLAND: Final = "86"
NOTHING: Final = "（空短信）"
_NAMES: Final = {
    "dest_code": "sms_extension",
    "extend": "sms_extension",
    "sign_name": "sms_signature",
    "sign": "sms_signature",
    "to": "sms_number",
}


class SmsChannel:
    """Reads what the providers push, and the generic form."""

    name = "sms"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        if "vendor" not in data:
            return read_form(prepared(data))
        reader = _READERS.get(str(data["vendor"]))
        message = data.get("message")
        if reader is None:
            return Unreadable("the message cannot be read", (Fault("vendor", "must be http, aliyun or tencent"),))
        if not isinstance(message, Mapping):
            return Unreadable("the message cannot be read", (Fault("message", "must be an object"),))
        return read_form(storable(reader(message)))


def _http(message: Mapping[str, Any]) -> dict[str, Any]:
    return _form(message, message.get("received_at"), message.get("phone"), message.get("text"))


def _aliyun(message: Mapping[str, Any]) -> dict[str, Any]:
    at = message.get("send_time")
    if isinstance(at, str):
        at = f"{at.strip().replace(' ', 'T', 1)}{CHINA}"
    return _form(message, at, message.get("phone_number"), message.get("content"))


def _tencent(message: Mapping[str, Any]) -> dict[str, Any]:
    at, country, number = message.get("time"), message.get("nationcode"), message.get("mobile")
    if isinstance(number, str) and country and str(country).lstrip("+") != MAINLAND and not number.startswith("+"):
        number = f"+{str(country).lstrip('+')}{number}"
    return _form(message, _moment(at), number, message.get("text"))


def _form(message: Mapping[str, Any], at: Any, number: Any, text: Any) -> dict[str, Any]:
    """Return the generic form; an empty message is one too, since somebody wanted something."""
    empty = isinstance(text, str) and not text.strip()
    return {
        "occurred_at": at,
        "text": NOTHING if empty else text,
        "customer": {"phone": number},
        "details": {_NAMES[name]: value for name, value in message.items() if name in _NAMES and value},
    }


def _moment(seconds: Any) -> Any:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "http": _http,
    "aliyun": _aliyun,
    "tencent": _tencent,
}

plugin = Plugin(kind="channel", name="sms", api=1, summary="Inbound short messages", build=lambda _setup: SmsChannel())
