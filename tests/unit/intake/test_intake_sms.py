"""R-IN-01: short messages as the vendors' own pages show them, and what cannot be read of them."""

from typing import Any

import pytest

from services.intake.plugins.sms import SmsChannel
from services.intake.ports import Unreadable
from shared.events import Contact

ALIYUN = {
    "phone_number": "1381111****",
    "content": "内容",
    "send_time": "2017-09-01 00:00:00",
    "dest_code": "1234",
    "sequence_id": "1234567890",
}
"""help.aliyun.com/zh/sms/developer-reference/smsup-http"""
TENCENT = {
    "extend": "扩展码",
    "mobile": "13xxxxxxxxx",
    "nationcode": "86",
    "sign": "短信签名",
    "text": "用户回复的内容",
    "time": 1457336869,
}
"""tencentcloud.com/document/api/382/43548"""
OWN = {
    "id": "1",
    "phone": "+8613800138000",
    "text": "要求退货",
    "received_at": "2026-11-23T10:15:00+08:00",
    "to": "1069",
}


def read(vendor: str, message: Any) -> Contact:
    contact = SmsChannel().read({"vendor": vendor, "message": message})
    assert isinstance(contact, Contact), contact
    return contact


@pytest.mark.parametrize(
    ("vendor", "message", "phone", "text", "at"),
    [
        ("aliyun", ALIYUN, "1381111****", "内容", "2017-09-01T00:00:00+08:00"),
        ("tencent", TENCENT, "13xxxxxxxxx", "用户回复的内容", "2016-03-07T07:47:49+00:00"),
        ("tencent", {**TENCENT, "nationcode": "852", "mobile": "91234567"}, "+85291234567", "用户回复的内容", "2016-03-07T07:47:49+00:00"),
        ("http", OWN, "+8613800138000", "要求退货", "2026-11-23T10:15:00+08:00"),
    ],
)  # fmt: skip
def test_each_vendors_form_is_read(vendor: str, message: Any, phone: str, text: str, at: str) -> None:
    contact = read(vendor, message)
    assert (contact.customer.phone, contact.text, contact.occurred_at.isoformat()) == (phone, text, at)


def test_what_it_was_sent_to_is_kept() -> None:
    assert read("aliyun", ALIYUN).details == {"sms_extension": "1234"}
    assert read("tencent", TENCENT).details == {"sms_extension": "扩展码", "sms_signature": "短信签名"}
    assert read("http", OWN).details == {"sms_number": "1069"}


def test_who_sends_an_empty_message_wants_something_too() -> None:
    assert read("aliyun", {**ALIYUN, "content": " "}).text == "（空短信）"


def test_the_generic_form_is_read_as_on_every_channel() -> None:
    form = {"occurred_at": "2026-11-23T10:15:00+08:00", "text": "要求退货"}
    assert isinstance(SmsChannel().read(form), Contact)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"vendor": "stranger", "message": {}}, "vendor"),
        ({"vendor": "aliyun"}, "message"),
        ({"vendor": "aliyun", "message": {**ALIYUN, "send_time": "yesterday"}}, "occurred_at"),
        ({"vendor": "tencent", "message": {**TENCENT, "time": 10**30}}, "occurred_at"),
        ({"vendor": "tencent", "message": {**TENCENT, "text": None}}, "text"),
        ({"vendor": ["aliyun"], "message": []}, "vendor"),
    ],
)
def test_what_cannot_be_read_is_named(data: Any, field: str) -> None:
    reading = SmsChannel().read(data)
    assert isinstance(reading, Unreadable)
    assert field in {fault.field for fault in reading.faults}
